/**
 * AST → JavaScript source, once for rendering at a stretch and once for rendering that awaits host functions.
 * Nothing of a template reaches the source but as a JSON string or a number, and the code touches values only
 * through the runtime `r`, so a template can reach no more than the runtime offers.
 *
 * Names in the generated code: `r` runtime, `s0…` scopes, `o` the output so far, `at` the offset being evaluated.
 */
import type { Argument, Body, Expression, FilterCall, Parameter, Statement, Target } from './ast.ts'

export type Mode = 'sync' | 'async'

/** The body of `function (r, s0)` that renders a template. */
export function generateTemplate(body: Body, mode: Mode): string {
  return new Generator(mode).template(body)
}

type Position = {
  /** The innermost scope variable. */
  readonly scope: string
  /** Inside a macro, `return(x)` is a JavaScript return. */
  readonly inMacro: boolean
  /** The innermost loop's variable, for `break` and `loop`. */
  readonly loop: string | undefined
}

class Generator {
  readonly #mode: Mode
  #counter = 0

  constructor(mode: Mode) {
    this.#mode = mode
  }

  get #await(): string {
    return this.#mode === 'async' ? 'await ' : ''
  }

  get #async(): string {
    return this.#mode === 'async' ? 'async ' : ''
  }

  #fresh(prefix: string): string {
    this.#counter++
    return `${prefix}${this.#counter}`
  }

  template(body: Body): string {
    const position = { scope: 's0', inMacro: false, loop: undefined }
    return `let o = '', at = 0; try {\n${this.#body(body, position)}return o } catch (e) { throw r.locate(e, at) }`
  }

  #body(body: Body, position: Position): string {
    return body.map((statement) => this.#statement(statement, position)).join('')
  }

  #statement(node: Statement, position: Position): string {
    const { scope } = position
    switch (node.kind) {
      case 'text':
        return `o += ${JSON.stringify(node.text)};\n`
      case 'output':
        return this.#output(node.value, position)
      case 'do':
        return this.#returned(node.value, position) ?? `${this.#expression(node.value, scope)};\n`
      case 'if':
        return this.#if(node, position)
      case 'for':
        return this.#for(node, position)
      case 'set': {
        const value = this.#fresh('v')
        return `const ${value} = ${this.#expression(node.value, scope)};\n${this.#assign(node.target, value, scope, node.at)}`
      }
      case 'set-block': {
        const [code, text] = this.#captured(node.body, position)
        return (
          code +
          this.#assign(node.target, this.#filtered(text, node.filters, scope), scope, node.at)
        )
      }
      case 'filter-block': {
        const [code, text] = this.#captured(node.body, position)
        return `${code}o += r.text(${this.#filtered(text, node.filters, scope)});\n`
      }
      case 'with': {
        const inner = this.#fresh('s')
        const entries = node.entries.map(({ target, value }) =>
          this.#assign(target, this.#expression(value, inner), inner, node.at),
        )
        const code = this.#body(node.body, { ...position, scope: inner })
        return `{ const ${inner} = r.scope(${scope});\n${entries.join('')}${code}}\n`
      }
      case 'call-block':
        return this.#callBlock(node, position)
      case 'macro': {
        const macro = this.#macro(node.name, node.parameters, node.body, scope)
        return `r.set(${scope}, ${JSON.stringify(node.name)}, ${macro});\n`
      }
      case 'definition': {
        const macro = this.#macro(node.name, node.parameters, node.body, scope)
        const options = this.#arguments(node.options, scope, node.at)
        return `r.define(${scope}, ${JSON.stringify(node.tag)}, ${JSON.stringify(node.name)}, ${macro}, ${options});\n`
      }
      case 'break':
      case 'continue':
        if (position.loop === undefined) {
          return `r.fault(${JSON.stringify(`{% ${node.kind} %} stands outside a loop`)}, at = ${node.at});\n`
        }
        return `${node.kind} ${position.loop};\n`
    }
  }

  #output(value: Expression, position: Position): string {
    const returned = this.#returned(value, position)
    if (returned !== undefined) return returned
    return `o = r.append(o, ${this.#expression(value, position.scope)});\n`
  }

  /** `return(x)` as a whole statement of a macro. */
  #returned(value: Expression, position: Position): string | undefined {
    if (!position.inMacro || value.kind !== 'call' || value.callee.kind !== 'name') return undefined
    const [only] = value.args
    if (value.callee.name !== 'return' || value.args.length > 1) return undefined
    if (only !== undefined && only.kind !== 'positional') return undefined
    // The condition keeps what follows reachable for the JavaScript parser's eye and costs nothing.
    const result = only === undefined ? 'null' : this.#expression(only.value, position.scope)
    return `if (true) return ${result};\n`
  }

  #if(node: Extract<Statement, { kind: 'if' }>, position: Position): string {
    const branches = node.branches.map(({ test, body }) => {
      const condition = `r.isTruthy(${this.#expression(test, position.scope)})`
      return `if (${condition}) {\n${this.#body(body, position)}}`
    })
    const otherwise =
      node.otherwise.length === 0 ? '' : ` else {\n${this.#body(node.otherwise, position)}}`
    return `${branches.join(' else ')}${otherwise}\n`
  }

  #for(node: Extract<Statement, { kind: 'for' }>, position: Position): string {
    const items = this.#fresh('items')
    const [loop, inner, label] = [this.#fresh('loop'), this.#fresh('s'), this.#fresh('L')]
    let code = `let ${items} = r.items(${this.#expression(node.items, position.scope)}, at = ${node.at});\n`
    if (node.test !== undefined) {
      const [kept, item, scope] = [this.#fresh('kept'), this.#fresh('item'), this.#fresh('s')]
      const test = this.#expression(node.test, scope)
      code += `const ${kept} = []; for (const ${item} of ${items}) { r.tick(); const ${scope} = r.scope(${position.scope});
${this.#assign(node.target, item, scope, node.at)}if (r.isTruthy(${test})) ${kept}.push(${item}) } ${items} = ${kept};\n`
    }
    const body = this.#body(node.body, { ...position, scope: inner, loop: label })
    code += `const ${loop} = r.loop(${items}, ${position.scope});
${label}: for (let i = 0; i < ${items}.length; i++) { r.tick(); const ${inner} = r.scope(${position.scope});
${loop}.index0 = i; r.set(${inner}, 'loop', ${loop}.value);
${this.#assign(node.target, `${items}[i]`, inner, node.at)}${body}}\n`
    if (node.otherwise.length > 0) {
      code += `if (${items}.length === 0) {\n${this.#body(node.otherwise, position)}}\n`
    }
    return `{ ${code}}\n`
  }

  /** Renders a body apart; gives the code and the variable that holds the text. */
  #captured(body: Body, position: Position): [string, string] {
    const [saved, text] = [this.#fresh('o'), this.#fresh('t')]
    // `break` would leave the saved output behind, so inside a capture there is no loop to leave.
    const inner = this.#body(body, { ...position, loop: undefined })
    return [`const ${saved} = o; o = '';\n${inner}const ${text} = o; o = ${saved};\n`, text]
  }

  #filtered(text: string, filters: readonly FilterCall[], scope: string): string {
    return filters.reduce(
      (value, filter) =>
        `r.filter(${JSON.stringify(filter.name)}, ${value}, ${this.#arguments(filter.args, scope, filter.at)}, at = ${filter.at})`,
      text,
    )
  }

  #callBlock(node: Extract<Statement, { kind: 'call-block' }>, position: Position): string {
    const { scope } = position
    if (node.call.kind !== 'call') return ''
    const caller = this.#macro('caller', node.parameters, node.body, scope)
    const callee = this.#expression(node.call.callee, scope)
    const args = this.#arguments(node.call.args, scope, node.at)
    return `o = r.append(o, ${this.#await}r.call(${callee}, r.withCaller(${args}, ${caller}), at = ${node.at}));\n`
  }

  #macro(name: string, parameters: readonly Parameter[], body: Body, outer: string): string {
    const scope = this.#fresh('s')
    const names = JSON.stringify(parameters.map((parameter) => parameter.name))
    const defaults = parameters.map(({ name: parameter, fallback }) => {
      if (fallback === undefined) return ''
      const key = JSON.stringify(parameter)
      return `if (!r.isBound(${scope}, ${key})) r.set(${scope}, ${key}, ${this.#expression(fallback, scope)});\n`
    })
    const code = this.#body(body, { scope, inMacro: true, loop: undefined })
    return `r.macro(${JSON.stringify(name)}, ${names}, ${outer}, ${this.#async}(${scope}) => { let o = '', at = 0; try {
${defaults.join('')}${code}return o } catch (e) { throw r.locate(e, at, ${JSON.stringify(name)}) } })`
  }

  #assign(target: Target, value: string, scope: string, at: number): string {
    switch (target.kind) {
      case 'name':
        return `r.set(${scope}, ${JSON.stringify(target.name)}, ${value});\n`
      case 'attribute':
        return `r.setAttribute(r.get(${scope}, ${JSON.stringify(target.object)}), ${JSON.stringify(target.name)}, ${value}, at = ${at});\n`
      case 'tuple': {
        const parts = this.#fresh('p')
        const inner = target.targets.map((part, index) =>
          this.#assign(part, `${parts}[${index}]`, scope, at),
        )
        return `const ${parts} = r.unpack(${value}, ${target.targets.length}, at = ${at});\n${inner.join('')}`
      }
    }
  }

  #arguments(args: readonly Argument[], scope: string, at: number): string {
    if (args.length === 0) return 'r.none'
    const positional: string[] = []
    const named: string[] = []
    for (const arg of args) {
      const value = this.#expression(arg.value, scope)
      if (arg.kind === 'positional') positional.push(value)
      else if (arg.kind === 'spread') positional.push(`...r.items(${value}, at = ${at})`)
      else if (arg.kind === 'named') named.push(`[${JSON.stringify(arg.name)}, ${value}]`)
      else named.push(`...r.entries(${value}, at = ${at})`)
    }
    return `r.args([${positional.join(', ')}], [${named.join(', ')}])`
  }

  #expression(node: Expression, scope: string): string {
    const one = (inner: Expression) => this.#expression(inner, scope)
    const at = `at = ${node.at}`
    switch (node.kind) {
      case 'literal':
        return JSON.stringify(node.value)
      case 'float':
        return `r.float(${node.value})`
      case 'name':
        return `r.get(${scope}, ${JSON.stringify(node.name)})`
      case 'list':
        return `[${node.items.map(one).join(', ')}]`
      case 'tuple':
        return `r.tuple([${node.items.map(one).join(', ')}])`
      case 'dict':
        return `r.dict([${node.entries.map(([key, value]) => `[${one(key)}, ${one(value)}]`).join(', ')}])`
      case 'attribute':
        return `r.attribute(${one(node.object)}, ${JSON.stringify(node.name)}, ${at})`
      case 'item':
        return `r.item(${one(node.object)}, ${one(node.index)}, ${at})`
      case 'slice': {
        const bounds = node.bounds.map((bound) => (bound === undefined ? 'null' : one(bound)))
        return `r.slice(${one(node.object)}, [${bounds.join(', ')}], ${at})`
      }
      case 'call':
        return `(${this.#await}r.call(${one(node.callee)}, ${this.#arguments(node.args, scope, node.at)}, ${at}))`
      case 'filter':
        return `r.filter(${JSON.stringify(node.name)}, ${one(node.value)}, ${this.#arguments(node.args, scope, node.at)}, ${at})`
      case 'test':
        return `r.test(${JSON.stringify(node.name)}, ${one(node.value)}, ${this.#arguments(node.args, scope, node.at)}, ${at})`
      case 'unary':
        if (node.operator === 'not') return `(!r.isTruthy(${one(node.value)}))`
        return `r.unary(${JSON.stringify(node.operator)}, ${one(node.value)}, ${at})`
      case 'binary':
        return `r.binary(${JSON.stringify(node.operator)}, ${one(node.left)}, ${one(node.right)}, ${at})`
      case 'and':
      case 'or': {
        const value = this.#fresh('x')
        const keepsLeft = `${node.kind === 'or' ? '' : '!'}r.isTruthy(${value} = ${one(node.left)})`
        return `${this.#inline(value, `${keepsLeft} ? ${value} : ${one(node.right)}`)}`
      }
      case 'compare':
        return this.#compare(node, scope)
      case 'condition': {
        const otherwise = node.otherwise === undefined ? 'r.absent' : one(node.otherwise)
        return `(r.isTruthy(${one(node.test)}) ? ${one(node.then)} : ${otherwise})`
      }
    }
  }

  #compare(node: Extract<Expression, { kind: 'compare' }>, scope: string): string {
    const [only] = node.rest
    const first = this.#expression(node.first, scope)
    if (only !== undefined && node.rest.length === 1) {
      return `r.compare(${JSON.stringify(only.operator)}, ${first}, ${this.#expression(only.value, scope)}, at = ${node.at})`
    }
    const value = this.#fresh('x')
    const parts = node.rest.map(({ operator, value: right }, index) => {
      const left = index === 0 ? `${value} = ${first}` : value
      return `r.compare(${JSON.stringify(operator)}, ${left}, ${value} = ${this.#expression(right, scope)}, at = ${node.at})`
    })
    return this.#inline(value, parts.join(' && '))
  }

  /** An expression that needs a variable of its own. */
  #inline(variable: string, expression: string): string {
    return `(${this.#await}(${this.#async}(${variable}) => (${expression}))())`
  }
}
