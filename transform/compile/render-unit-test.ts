/**
 * The SQL of a model as its unit test runs it: what it reads are the rows of the test, under the names that dbt
 * gives to ephemeral models, and macros, variables and environment say what the test wants them to say.
 */
import { problem } from '../../core/problems.ts'
import { compileTemplate } from '../jinja/template.ts'
import { isHostObject, toTemplateValue } from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import type { UnitTestRows } from '../project/project-others.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import { askStatically } from './ask-statically.ts'
import { type Compilation, makeNames, type SqlDraft } from './drafts.ts'
import type { Graph, Relation, SelectableNode, UnitTestNode } from './graph.ts'
import type { NameIndex } from './index-names.ts'
import type { MacroLibrary } from './macros.ts'
import type { NodeHost } from './node-names.ts'
import { ParseHost } from './parse-host.ts'
import { RelationValue } from './relation-value.ts'

/** Rows for something that the model reads. */
export type UnitTestInput = UnitTestRows & {
  /** As the test names it: `ref('orders')`, `this`. */
  readonly input: string
  /** The node or source that is meant; of `this` the model itself. */
  readonly id: string
  readonly target: SelectableNode | undefined
  /** The CTE that stands for it in the model's SQL. */
  readonly cte: string
}

export type UnitTestCode = {
  /** Id of the model under test. */
  readonly model: string
  /** Of the model, without the CTEs of its inputs. */
  readonly sql: string
  /** Those that the model reads, in the order in which it names them. */
  readonly inputs: readonly UnitTestInput[]
  readonly expect: UnitTestRows
}

export type UnitTestParts = {
  readonly compilation: Compilation
  readonly index: NameIndex
  readonly relations: ReadonlyMap<string, Relation>
  /** The model under test. */
  readonly draft: SqlDraft
  readonly graph: Graph
  /** `model` and `graph` of the template. */
  readonly describeModel: () => unknown
  readonly describeGraph: () => unknown
}

/** @throws `model/compiler-error` for an input that the model reads and the test does not give, `model/template-failed` */
export async function renderUnitTest(
  test: UnitTestNode,
  parts: UnitTestParts,
): Promise<UnitTestCode> {
  const { draft, compilation } = parts
  const given = readInputs(test, parts)
  const overrides = readOverrides(test)
  const host = new UnitTestHost(test, parts, given, overrides)
  const seen = overridden(compilation, draft, overrides)
  const { own, all } = makeNames(seen, draft, host, 'async')
  own.set(
    returned,
    new Map(Object.entries(overrides.macros).map(([n, v]) => [n, toTemplateValue(v)])),
  )
  own.set('this', host.self())
  const sql = await draft.template.render(all)
  return {
    model: draft.id,
    sql: sql.trim(),
    inputs: [...host.read],
    expect: rowsOf(test.properties['expect']),
  }
}

type Overrides = { readonly macros: Config; readonly vars: Config; readonly env_vars: Config }

function readOverrides({ properties }: UnitTestNode): Overrides {
  const said = asConfig(properties['overrides'])
  return {
    macros: asConfig(said['macros']),
    vars: asConfig(said['vars']),
    env_vars: asConfig(said['env_vars']),
  }
}

function asConfig(value: unknown): Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

/** The rows that a test holds; what its schema file says was checked when it was read. */
function rowsOf(value: unknown): UnitTestRows {
  const { format, rows, fixture } = asConfig(value)
  return {
    format: format === 'csv' || format === 'sql' ? format : 'dict',
    rows: typeof rows === 'string' ? rows : Array.isArray(rows) ? rows.map(asConfig) : undefined,
    fixture: typeof fixture === 'string' ? fixture : undefined,
  }
}

function readInputs(test: UnitTestNode, parts: UnitTestParts): Map<string, UnitTestInput> {
  const { given } = test.properties
  const inputs = (Array.isArray(given) ? given : []).flatMap((each): UnitTestInput[] => {
    const input = String(asConfig(each)['input'])
    const found =
      input.trim() === 'this' ? nameOf(parts, parts.draft.id) : lookUp(test, input, parts)
    return found === undefined ? [] : [{ ...rowsOf(each), input, ...found }]
  })
  return new Map(inputs.map((input) => [input.id, input]))
}

type Found = Pick<UnitTestInput, 'id' | 'target' | 'cte'>

function nameOf({ relations, graph }: UnitTestParts, id: string): Found {
  return { id, target: graph.nodes.get(id), cte: `__dbt__cte__${relations.get(id)?.name ?? id}` }
}

/** What a call such as `ref('orders')` names; the names were checked when the project was compiled. */
function lookUp(test: UnitTestNode, call: string, parts: UnitTestParts): Found | undefined {
  const asked = new ParseHost({})
  const { name, id, file, fqn, package: owner, kind } = test
  const template = compileTemplate(test.file, `{{ ${call} }}`)
  if (!askStatically(template, asked, () => ({}))) {
    const named = { name, id, file, fqn, package: owner, kind }
    template.renderSync(makeNames(parts.compilation, named, asked, 'sync').all)
  }
  const [ref] = asked.refs
  if (ref !== undefined) {
    const found = parts.index.findRef(ref, owner)
    return found === undefined ? undefined : nameOf(parts, found)
  }
  const [source] = asked.sources
  const found = source && parts.index.findSource(source, owner)
  // Two sources may have tables of one name.
  return found === undefined || source === undefined
    ? undefined
    : {
        id: found,
        target: parts.graph.sources.get(found),
        cte: `__dbt__cte__${source.source}__${source.table}`,
      }
}

/** The name under which templates find what overridden macros give. */
const returned = '__unit_test_returns'

/**
 * The same with other variables, environment and macros. A macro that is overridden becomes one that gives the
 * test's value, whatever it is called with, so that macros that call it get the value too.
 */
function overridden(
  { library, inputs, vars, ...compilation }: Compilation,
  { package: owner }: SqlDraft,
  { macros, vars: variables, env_vars: environment }: Overrides,
): Compilation {
  const texts = Object.entries(environment).map(([name, value]) => [name, String(value)] as const)
  return {
    ...compilation,
    library: withMacros(library, owner, Object.keys(macros)),
    inputs: { ...inputs, environment: { ...inputs.environment, ...Object.fromEntries(texts) } },
    vars: (each) => ({ ...vars(each), ...variables }),
  }
}

function withMacros(library: MacroLibrary, owner: string, names: readonly string[]): MacroLibrary {
  if (names.length === 0) return library
  const packages = new Map([...library.packages].map(([name, macros]) => [name, new Map(macros)]))
  for (const full of names) {
    const [name = full, namespace] = full.split('.').reverse()
    const owners =
      namespace === undefined || namespace === standardPackage
        ? [owner, standardPackage]
        : [namespace]
    const text = `{% macro ${name}() %}{% set _ = [varargs, kwargs] %}{{ return(${returned}[${JSON.stringify(full)}]) }}{% endmacro %}`
    const template = compileTemplate('overrides', text)
    for (const each of owners) {
      const macros = packages.get(each) ?? new Map()
      packages.set(each, macros.set(name, { file: 'overrides', text, open: () => template }))
    }
  }
  return { ...library, packages }
}

class UnitTestHost implements NodeHost {
  readonly execute = true
  readonly read = new Set<UnitTestInput>()
  readonly #test: UnitTestNode
  readonly #parts: UnitTestParts
  readonly #given: ReadonlyMap<string, UnitTestInput>
  readonly #overrides: Overrides

  constructor(
    test: UnitTestNode,
    parts: UnitTestParts,
    given: ReadonlyMap<string, UnitTestInput>,
    overrides: Overrides,
  ) {
    this.#test = test
    this.#parts = parts
    this.#given = given
    this.#overrides = overrides
  }

  /** `this`: the rows that stand for the model's own table, or None. */
  self(): RelationValue | null {
    const input = this.#given.get(this.#parts.draft.id)
    return input === undefined ? null : this.#value(input)
  }

  ref(parts: readonly string[], version: string | undefined): RelationValue {
    const { index, draft } = this.#parts
    const id = index.findRef({ parts, version }, draft.package)
    return this.#input(id, `a node named '${parts.at(-1) ?? ''}'`)
  }

  source(source: string, table: string): RelationValue {
    const { index, draft } = this.#parts
    const id = index.findSource({ source, table }, draft.package)
    return this.#input(id, `a source named '${source}.${table}'`)
  }

  function(parts: readonly string[]): RelationValue {
    const { index, draft, relations } = this.#parts
    const id = index.findFunction(parts, draft.package)
    const relation = id === undefined ? undefined : relations.get(id)
    if (id === undefined || relation === undefined) {
      throw problem('model/unknown-ref', {
        node: draft.name,
        ref: parts.join('.'),
        nearest: undefined,
      })
    }
    return new RelationValue(id, relation)
  }

  metric(parts: readonly string[]): string {
    return parts.at(-1) ?? ''
  }

  config(): void {}

  readConfig(): Config {
    return this.#parts.draft.config
  }

  isIncremental(): boolean {
    return this.#overrides.macros['is_incremental'] === true
  }

  model(): unknown {
    return this.#parts.describeModel()
  }

  graph(): unknown {
    return this.#parts.describeGraph()
  }

  /** All rows are new, and fixtures have no rowid. */
  newRows(relation: unknown): unknown {
    if (!isHostObject(relation) || !(relation instanceof RelationValue)) return relation
    const rows = `(select row_number() over () - 1 as rowid, * from ${relation.text()})`
    return new RelationValue(relation.id, relation.relation, 'cte', rows)
  }

  #input(id: string | undefined, what: string): RelationValue {
    const input = id === undefined ? undefined : this.#given.get(id)
    if (input !== undefined) return this.#value(input)
    const { id: test, file } = this.#test
    const reason = `Unit_Test '${test}' (${file}) depends on ${what} which was not found`
    throw problem('model/compiler-error', { reason }, { at: { file } })
  }

  #value(input: UnitTestInput): RelationValue {
    this.read.add(input)
    const { relations } = this.#parts
    const relation = relations.get(input.id) ?? { catalog: '', schema: '', name: input.cte }
    return new RelationValue(input.id, relation, 'cte', input.cte)
  }
}
