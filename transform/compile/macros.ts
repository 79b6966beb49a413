/** The macros of a project: compiled once, given to each node's template over that node's own names. */
import { MillraceError } from '../../core/errors.ts'
import type { Mode } from '../jinja/generate.ts'
import type { NameSource } from '../jinja/scope.ts'
import { compileTemplate, type Definitions, type Template } from '../jinja/template.ts'
import type { HostFunction } from '../jinja/values.ts'
import type { SqlFile } from '../project/project.ts'

export type MacroLibrary = {
  /** Macro name → the file that defines it; a later file wins. */
  readonly files: ReadonlyMap<string, Template>
  /** Generic tests of the project's own, by name. */
  readonly tests: ReadonlyMap<string, Template>
  readonly problems: readonly MillraceError[]
}

/** Reads every macro file; those that cannot be read are listed as problems. */
export function compileMacros(files: readonly SqlFile[]): MacroLibrary {
  const macros = new Map<string, Template>()
  const tests = new Map<string, Template>()
  const problems: MillraceError[] = []
  for (const { file, text } of files) {
    try {
      const template = compileTemplate(file, text)
      for (const name of template.macroNames()) macros.set(name, template)
      for (const node of template.body) {
        if (node.kind === 'definition' && /test$/.test(node.tag)) tests.set(node.name, template)
      }
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      problems.push(error)
    }
  }
  return { files: macros, tests, problems }
}

/** A node's names and, behind them, every macro; a macro is made the first time it is named. */
export class NodeNames implements NameSource {
  readonly #own: ReadonlyMap<string, unknown>
  readonly #library: MacroLibrary
  readonly #mode: Mode
  readonly #opened = new Map<Template, Definitions>()

  constructor(own: ReadonlyMap<string, unknown>, library: MacroLibrary, mode: Mode) {
    this.#own = own
    this.#library = library
    this.#mode = mode
  }

  get(name: string): unknown {
    return this.#own.get(name) ?? this.macro(name)
  }

  macro(name: string): HostFunction | undefined {
    const template = this.#library.files.get(name)
    return template && this.#open(template).macros.get(name)
  }

  /** The body of `{% test name(…) %}`. */
  test(name: string): HostFunction | undefined {
    const template = this.#library.tests.get(name)
    const blocks = template && this.#open(template).blocks
    return blocks?.find((block) => block.name === name)?.macro
  }

  #open(template: Template): Definitions {
    const known = this.#opened.get(template)
    if (known !== undefined) return known
    const definitions = template.definitions(this, this.#mode)
    this.#opened.set(template, definitions)
    return definitions
  }
}
