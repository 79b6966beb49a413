/**
 * What templates asked for, kept from one parse to the next. A plain template asks for the same whenever its text is
 * the same; one that was rendered, when all that it read is the same too: variables, the environment, the target,
 * the macros it looked for, and what was said about its node.
 */
import { hash } from 'node:crypto'
import type { Answer, AskMemo, Question } from '../compile/ask-memo.ts'
import type { CompileInputs } from '../compile/inputs.ts'
import type { MacroLibrary } from '../compile/macros.ts'
import type { Config } from '../project/project.ts'

/** What rendering read, by name, each as a hash; undefined for what was not there. */
type Reads = {
  readonly environment: ReadonlyMap<string, string | undefined>
  readonly vars: ReadonlyMap<string, string | undefined>
  readonly macros: ReadonlyMap<string, string | undefined>
  readonly readsTarget: boolean
}

type Entry = {
  readonly answer: Answer
  /** Undefined for a plain template. */
  readonly read: (Reads & { readonly about: string }) | undefined
}

/** By kind, id and text; of a plain template by text alone. */
export type StoredAsks = ReadonlyMap<string, Entry>

/** Names that tell where a project is built. */
const targetNames = ['target', 'env', 'database', 'schema', 'adapter', 'api', 'this']
/** Names whose values the next run does not find as they were, or not by the same look. */
const volatileNames = [
  'invocation_id',
  'run_started_at',
  'modules',
  'flags',
  'invocation_args_dict',
]
/** Stands for all variables at once: somebody printed or listed them. */
const allVars = '*'

type Watch = {
  readonly names: Set<string>
  readonly environment: Set<string>
  readonly vars: Map<string, string | undefined>
  readonly macros: Set<string>
}

export class AskStore implements AskMemo {
  readonly #old: StoredAsks
  readonly #kept = new Map<string, Entry>()
  readonly #environment: CompileInputs['environment']
  readonly #target: string
  #watch: Watch | undefined
  /** Packages of models in which the plain names mean dbt's own. */
  readonly plainPackages = new Set<string>()

  /** @param inputs their environment is asked for what stored templates read of it */
  constructor(old: StoredAsks | undefined, { environment, target }: CompileInputs) {
    this.#old = old ?? new Map()
    this.#environment = environment
    this.#target = hash('sha256', JSON.stringify(target))
  }

  /** What this parse found or learnt, to be stored. */
  kept(): StoredAsks {
    return this.#kept
  }

  find(question: Question): Answer | undefined {
    const { isPlain, source } = question
    const [kind, owner = ''] = source.id.split('.')
    if (isPlain && kind === 'model') this.plainPackages.add(owner)
    for (const key of [plainKey(question), nodeKey(question)]) {
      const entry = key === undefined ? undefined : this.#old.get(key)
      if (key === undefined || entry === undefined || !this.#holds(entry, question)) continue
      this.#kept.set(key, entry)
      return entry.answer
    }
    return undefined
  }

  begin(): void {
    this.#watch = {
      names: new Set(),
      environment: new Set(),
      vars: new Map(),
      macros: new Set(),
    }
  }

  end(): Watch | undefined {
    const watch = this.#watch
    this.#watch = undefined
    return watch
  }

  keep(question: Question, answer: Answer, watch: Watch | undefined): void {
    if (watch === undefined) {
      const key = plainKey(question)
      if (key !== undefined) this.#kept.set(key, { answer, read: undefined })
      return
    }
    if (volatileNames.some((name) => watch.names.has(name))) return
    const read = {
      about: aboutOf(question),
      environment: new Map(
        [...watch.environment].map((name) => [name, hashed(this.#environment[name])]),
      ),
      vars: watch.vars,
      macros: new Map([...watch.macros].map((name) => [name, macroHash(question.library, name)])),
      readsTarget: targetNames.some((name) => watch.names.has(name)),
    }
    const about = read.readsTarget ? hash('sha256', read.about + this.#target) : read.about
    this.#kept.set(nodeKey(question), { answer, read: { ...read, about } })
  }

  #holds({ read }: Entry, question: Question): boolean {
    if (read === undefined) return true
    const about = aboutOf(question)
    const told = read.readsTarget ? hash('sha256', about + this.#target) : about
    const { library } = question
    return (
      told === read.about &&
      all(read.macros, (name) => macroHash(library, name)) &&
      all(read.vars, (name) => hashOfVar(question.vars(), name)) &&
      all(read.environment, (name) => hashed(this.#environment[name]))
    )
  }

  /** Told each name that a template looks up. */
  name(name: string): void {
    this.#watch?.names.add(name)
  }

  /** Told each variable of the environment that is read. */
  environment(name: string): void {
    this.#watch?.environment.add(name)
  }

  macro(owner: string, name: string): void {
    this.#watch?.macros.add(`${owner} ${name}`)
  }

  watched(vars: Config): Config {
    const note = (name: string) => {
      this.#watch?.vars.set(name, hashOfVar(vars, name))
    }
    return new Proxy(vars, {
      get: (all, name) => {
        if (typeof name !== 'string') return undefined
        note(name)
        return all[name]
      },
      getOwnPropertyDescriptor: (all, name) => {
        note(String(name))
        return Object.getOwnPropertyDescriptor(all, name)
      },
      ownKeys: (all) => {
        note(allVars)
        return Reflect.ownKeys(all)
      },
    })
  }
}

function hashOfVar(vars: Config, name: string): string | undefined {
  if (name === allVars) return hash('sha256', JSON.stringify(vars))
  return Object.hasOwn(vars, name) ? hash('sha256', JSON.stringify(vars[name]) ?? '') : undefined
}

function all(
  read: ReadonlyMap<string, string | undefined>,
  today: (name: string) => string | undefined,
): boolean {
  return [...read].every(([name, value]) => today(name) === value)
}

function plainKey({ source, isPlain }: Question): string | undefined {
  // A model's header is kept as dbt's parser for plain models sees it.
  const role = source.kind === 'model' ? 'model' : 'other'
  return isPlain ? `plain ${role} ${hash('sha1', source.text)}` : undefined
}

function nodeKey({ source: { kind, id, text } }: Question): string {
  return `${kind} ${id} ${hash('sha1', text)}`
}

/** All that is said of the node outside its template. */
function aboutOf({ source: { text: _, ...about }, base, library }: Question): string {
  const packages = [...library.packages.keys()]
  const orders = [...library.searchOrders]
  return hash('sha256', JSON.stringify([about, base, library.root, packages, orders]))
}

/** Of the whole file that defines the macro; undefined when there is none of that name. */
function macroHash({ packages }: MacroLibrary, key: string): string | undefined {
  const at = key.indexOf(' ')
  const found = packages.get(key.slice(0, at))?.get(key.slice(at + 1))
  if (found === undefined) return undefined
  const known = macroHashes.get(found) ?? hash('sha1', found.text)
  macroHashes.set(found, known)
  return known
}

const macroHashes = new WeakMap<object, string>()

function hashed(value: string | undefined): string | undefined {
  return value === undefined ? undefined : hash('sha256', value)
}
