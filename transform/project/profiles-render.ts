/**
 * Jinja in the values of profiles.yml. It knows `env_var` and `var` alone. What `DBT_ENV_SECRET_…` variables hold is
 * put in after rendering, so that no filter can take it apart, and is remembered so that it is never printed.
 */
import { MillraceError } from '../../core/errors.ts'
import { type Position, problem } from '../../core/problems.ts'
import { Secret } from '../../core/secret.ts'
import type { Body } from '../jinja/ast.ts'
import { compileTemplate } from '../jinja/template.ts'
import { type Arguments, Float, HostFunction, toTemplateValue, toText } from '../jinja/values.ts'
import { withPosition } from '../jinja/with-position.ts'
import type { Config } from './project.ts'

export type ProfileInputs = {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** From `--vars`. */
  readonly vars: Config
}

const secretPrefix = 'DBT_ENV_SECRET_'

export class ProfileRenderer {
  readonly #inputs: ProfileInputs
  readonly #secrets = new Map<string, Secret>()

  constructor(inputs: ProfileInputs) {
    this.#inputs = inputs
  }

  /** What must not be printed of the values rendered so far. */
  get secrets(): readonly Secret[] {
    return [...this.#secrets.values()]
  }

  /**
   * A value with all that is inside it, rendered. As in dbt a value that is one expression keeps the expression's
   * type, and text stays text unless a filter `as_number`, `as_bool` or `as_native` says otherwise.
   * @param label dotted path of the value, for messages
   * @throws `profile/missing-variable`, `profile/invalid-value`, or the template's fault; all with `at`
   */
  render(value: unknown, label: string, at: Position): unknown {
    if (typeof value === 'string') return this.#renderText(value, label, at)
    if (Array.isArray(value)) {
      return value.map((item, index) => this.render(item, `${label}[${index}]`, at))
    }
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([key, inner]) => [
      key,
      this.render(inner, `${label}.${key}`, at),
    ])
    return Object.fromEntries(entries)
  }

  #renderText(text: string, label: string, at: Position): unknown {
    if (!text.includes('{{') && !text.includes('{%')) return text
    try {
      return this.#evaluate(text, label, at)
    } catch (error) {
      // A password may look like Jinja and be none; dbt takes it as it stands.
      const isPassword = label.split('.').includes('password')
      const isSyntax = error instanceof MillraceError && error.code.startsWith('model/template')
      if (isPassword && isSyntax) return text
      throw error instanceof MillraceError && error.code.startsWith('model/')
        ? withPosition(error, at)
        : error
    }
  }

  #evaluate(text: string, label: string, at: Position): unknown {
    const names = new Map([
      ['env_var', new HostFunction('env_var', (args) => this.#variable(args, label, at))],
      ['var', new HostFunction('var', (args) => this.#var(args, label, at))],
    ])
    const template = compileTemplate(at.file, text)
    const expression = soleExpression(text, template.body)
    if (expression === undefined) return this.#reveal(template.renderSync(names))
    let value: unknown
    const keep = new HostFunction('__keep', ({ positional: [first] }) => {
      value = first
      return ''
    })
    compileTemplate(at.file, `{{ __keep((${expression})) }}`).renderSync(
      new Map([...names, ['__keep', keep]]),
    )
    if (value instanceof Float) return value.value
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
    return this.#convert(toText(value), outerFilter(template.body), label, at)
  }

  #convert(text: string, filter: string | undefined, label: string, at: Position): unknown {
    const literal = literalOf(text)
    const wrong = (type: string) =>
      problem('profile/invalid-value', { path: label, reason: `is no ${type}` }, { at })
    switch (filter) {
      case 'as_number':
        if (typeof literal !== 'number') throw wrong('number')
        return literal
      case 'as_bool':
        if (typeof literal !== 'boolean') throw wrong('boolean')
        return literal
      case 'as_native':
        return literal
      default:
        return this.#reveal(text)
    }
  }

  #variable({ positional, named }: Arguments, path: string, at: Position): string {
    const variable = toText(positional[0])
    const found = this.#inputs.environment[variable]
    if (found !== undefined && variable.startsWith(secretPrefix)) {
      this.#secrets.set(variable, new Secret(found))
      return placeholder(variable)
    }
    const value = found ?? positional[1] ?? named.get('default') ?? undefined
    if (value === undefined) {
      throw problem('profile/missing-variable', { variable, path }, { at })
    }
    return toText(value)
  }

  #var({ positional, named }: Arguments, path: string, at: Position): unknown {
    const name = toText(positional[0])
    if (Object.hasOwn(this.#inputs.vars, name)) return toTemplateValue(this.#inputs.vars[name])
    const fallback = positional[1] ?? named.get('default')
    if (fallback !== undefined) return fallback
    const reason = `reads var('${name}'), which --vars does not give`
    throw problem('profile/invalid-value', { path, reason }, { at })
  }

  #reveal(text: string): string {
    let shown = text
    for (const [variable, secret] of this.#secrets) {
      shown = shown.replaceAll(placeholder(variable), () => secret.reveal())
    }
    return shown
  }
}

function placeholder(variable: string): string {
  return `$$$DBT_SECRET_START$$$${variable}$$$DBT_SECRET_END$$$`
}

/** The inside of `{{ … }}` when the text is nothing else. */
function soleExpression(text: string, body: Body): string | undefined {
  const [only, ...more] = body
  if (only?.kind !== 'output' || more.length > 0) return undefined
  return /^\s*\{\{[-+]?([\s\S]*?)[-+]?\}\}\s*$/.exec(text)?.[1]
}

function outerFilter([only]: Body): string | undefined {
  return only?.kind === 'output' && only.value.kind === 'filter' ? only.value.name : undefined
}

/** Python's literals as far as settings use them; other text is itself. */
function literalOf(text: string): unknown {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text)
  if (/^(True|true)$/.test(text)) return true
  if (/^(False|false)$/.test(text)) return false
  if (text === 'None') return null
  if (!/^[[{"]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
