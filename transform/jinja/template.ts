/**
 * A compiled template: parse once, render often, at a stretch or awaiting host functions. The engine knows
 * nothing of dbt but the names of its tags; what a template can reach is what the caller puts into `names`.
 */
import { MillraceError, messageOf } from '../../core/errors.ts'
import { type Position, problem } from '../../core/problems.ts'
import type { Body } from './ast.ts'
import { findCalls } from './find-calls.ts'
import { generateTemplate, type Mode } from './generate.ts'
import { globalNames } from './globals.ts'
import { parseTemplate } from './parse.ts'
import { plainTemplate } from './plain-template.ts'
import { Budget, type Definition, LocatedFault, Runtime, type TemplateFile } from './runtime.ts'
import { type NameSource, Scope } from './scope.ts'
import { type StaticCall, staticCalls } from './static-calls.ts'
import { positionOf, SyntaxFault } from './syntax-fault.ts'
import { HostFunction, type UnknownUse } from './values.ts'
import { withPosition } from './with-position.ts'

type Compiled = (runtime: Runtime, scope: Scope) => unknown

export type Definitions = {
  readonly macros: ReadonlyMap<string, HostFunction>
  /** Blocks such as `test` or `snapshot`. */
  readonly blocks: readonly Definition[]
}

export class Template {
  readonly #file: TemplateFile
  #body: Body | undefined
  readonly #compiled = new Map<string, Compiled>()

  /** @param body undefined: it is parsed when it is first asked for */
  constructor(file: TemplateFile, body?: Body) {
    this.#file = file
    this.#body = body
  }

  /** @throws `model/template-syntax`, the first time, when it had not been parsed */
  get body(): Body {
    this.#body ??= parsed(this.#file)
    return this.#body
  }

  get file(): string {
    return this.#file.file
  }

  get #definitions(): Body {
    return this.body.filter(({ kind }) => kind === 'macro' || kind === 'definition')
  }

  /**
   * Renders at a stretch.
   * @param onUnknown told of each use of an unknown name that the template comes upon, instead of failing there
   * @throws `model/template-failed`, also where a host function wants to be awaited
   */
  renderSync(names: NameSource, onUnknown?: (use: UnknownUse) => void): string {
    try {
      return String(this.#compile('sync')(this.#runtime(onUnknown), scopeOver(names)))
    } catch (error) {
      throw explainFault(error, this.#file)
    }
  }

  /** Renders, awaiting what host functions answer. @throws `model/template-failed` */
  async render(names: NameSource): Promise<string> {
    try {
      return String(await this.#compile('async')(this.#runtime(), scopeOver(names)))
    } catch (error) {
      throw explainFault(error, this.#file)
    }
  }

  /** What rendering for parsing would call, when the template is plain enough to tell without rendering. */
  staticCalls(): readonly StaticCall[] | undefined {
    return staticCalls(this.body)
  }

  /** The names of the macros that this file defines. */
  macroNames(): string[] {
    return this.#definitions.flatMap((node) => (node.kind === 'macro' ? [node.name] : []))
  }

  /** What the file defines, over `names`; bodies run, and in mode `async` await, when they are called. */
  definitions(names: NameSource, mode: Mode): Definitions {
    const runtime = this.#runtime()
    const scope = scopeOver(names)
    this.#compile(mode, this.#definitions)(runtime, scope)
    const macros = [...scope.own()].filter(
      (entry): entry is [string, HostFunction] => entry[1] instanceof HostFunction,
    )
    // A macro finds the others of its file by the names that hold where it is called, not because they are near.
    scope.forget()
    return { macros: new Map(macros), blocks: runtime.definitions }
  }

  /** Where a call with these literal arguments stands, or the first call of that name. */
  placeOfCall(name: string, literals: readonly string[]): Position {
    const calls = findCalls(this.body, name)
    const exact = calls.find((call) => literals.every((text, i) => call.literals[i] === text))
    const found = exact ?? calls[0]
    const { file, source } = this.#file
    return found === undefined ? { file } : { file, ...positionOf(source, found.at) }
  }

  #runtime(onUnknown?: (use: UnknownUse) => void): Runtime {
    return new Runtime(this.#file, new Budget(), onUnknown)
  }

  #compile(mode: Mode, definitions?: Body): Compiled {
    const key = `${mode}${definitions === undefined ? '' : ' definitions'}`
    const known = this.#compiled.get(key)
    if (known !== undefined) return known
    // Definitions only set names, so their top level runs at a stretch in either mode.
    const isAsync = mode === 'async' && definitions === undefined
    const compiled =
      (isAsync ? plainTemplate(this.body) : undefined) ??
      makeFunction(generateTemplate(definitions ?? this.body, mode), isAsync)
    this.#compiled.set(key, compiled)
    return compiled
  }
}

/**
 * @param isBuiltIn for a template that is part of the program
 * @throws `model/template-syntax` with line and column
 */
export function compileTemplate(file: string, source: string, isBuiltIn = false): Template {
  const place = { file, source, isBuiltIn }
  return new Template(place, parsed(place))
}

/** A template that was compiled before and may not be needed: it is parsed when something is asked of it. */
export function deferTemplate(file: string, source: string): Template {
  return new Template({ file, source, isBuiltIn: false })
}

function parsed({ file, source }: TemplateFile): Body {
  try {
    return parseTemplate(source)
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error
    const at = { file, ...positionOf(source, error.offset) }
    throw problem('model/template-syntax', { reason: error.message }, { at, cause: error })
  }
}

function scopeOver(names: NameSource): Scope {
  return new Scope(new Scope(new Scope(undefined, globalNames), names))
}

/** The generated code holds nothing of the template but JSON strings and numbers (see generate.ts). */
function makeFunction(code: string, isAsync: boolean): Compiled {
  const make = new Function(`'use strict'; return ${isAsync ? 'async ' : ''}(r, s0) => {${code}}`)
  return make()
}

/** A fault as a catalogued problem: the innermost place first, then the chain of macro calls. */
function explainFault(error: unknown, { file }: TemplateFile): unknown {
  if (!(error instanceof LocatedFault)) return error
  const { cause, frames } = error
  // Frames of the program's own macros come last: the reader can open the others.
  const shown = Math.max(
    frames.findIndex((frame) => !frame.isBuiltIn),
    0,
  )
  const [first, ...outer] = frames.slice(shown)
  const chain = outer.map((frame) => `${frame.file}:${frame.line}:${frame.column}`)
  const via = chain.length === 0 ? '' : `called from ${chain.join(', from ')}`
  const at = first && { file: first.file, line: first.line, column: first.column }
  if (cause instanceof MillraceError) {
    return cause.at === undefined ? withPosition(cause, at ?? { file }, via) : cause
  }
  const macro = frames[0]?.macro === undefined ? '' : ` in macro ${frames[0].macro}`
  const reason = `${messageOf(cause)}${macro}${via === '' ? '' : ` (${via})`}`
  return problem('model/template-failed', { reason }, { at: at ?? { file }, cause })
}
