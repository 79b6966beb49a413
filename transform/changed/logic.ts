/** What a node does, as a few short hashes: when none of them has changed, neither has what it does. */
import type { Graph, GraphNode, MacroNode, UnitTestNode } from '../compile/graph.ts'
import { cteNames, findForeignInput } from './foreign-input.ts'
import { knownNames, namesRelation } from './known-expression.ts'
import { normalSql } from './normal-sql.ts'
import { findVolatile, namesAskedBy, wordsOf } from './read-text.ts'

export type Logic = {
  readonly code: string
  readonly config: string
  readonly macros: string
  /** Variables, environment, target. */
  readonly values: string
}

export type LogicInputs = {
  readonly graph: Graph
  readonly sha256: (text: string) => string
  readonly vars: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly target: object
  /** Of Millrace: what it makes of a project may be another in the next one. */
  readonly release: string
  /** What was read of this graph before, by id; what is read now is added. */
  readonly facts?: Map<string, LogicFacts>
}

/** What the graph alone says of a node's logic; plain data. */
export type LogicFacts = Pick<Logic, 'code' | 'config' | 'macros'> & {
  readonly volatile: string | undefined
  /** Names of variables that it asks for; undefined when they are not written out. */
  readonly vars: readonly string[] | undefined
  readonly environment: readonly string[] | undefined
  readonly readsTarget: boolean
}

export type NodeLogic = {
  readonly logic: Logic
  /** Why it has to run each time, if it has to. */
  readonly volatile: string | undefined
}

export type LogicOf = (node: GraphNode | UnitTestNode) => NodeLogic

/** Packages whose macros are part of the runner. */
const standardPackages: ReadonlySet<string> = new Set(['dbt', 'dbt_duckdb'])

/** Makes what reads the logic of nodes; what nodes share is read once. */
export function logicReader(inputs: LogicInputs): LogicOf {
  const { graph, sha256, facts = new Map<string, LogicFacts>() } = inputs
  const short = (value: unknown) => sha256(JSON.stringify(value) ?? '').slice(0, 16)
  let reader: FactsReader | undefined
  return (node) => (node.kind === 'unit_test' ? logicOfUnitTest(node) : logicOfNode(node))

  function logicOfNode(node: GraphNode): NodeLogic {
    const found = facts.get(node.id) ?? readFacts(node)
    facts.set(node.id, found)
    const { code, config, macros, volatile } = found
    return { logic: { code, config, macros, values: valuesOfNode(found) }, volatile }
  }

  /** Made when there is something to read: the macros of a stored graph take their time. */
  function readFacts(node: GraphNode): LogicFacts {
    reader ??= factsReader(graph, short)
    return reader(node)
  }

  function valuesOfNode({ vars, environment, readsTarget }: LogicFacts): string {
    return short([
      valuesOf(vars, inputs.vars),
      writtenValues(vars, graph.vars),
      valuesOf(environment, inputs.environment),
      readsTarget ? inputs.target : null,
      inputs.release,
    ])
  }

  /** Of its rows, and of the model that they go through. */
  function logicOfUnitTest({ properties, dependencies }: UnitTestNode): NodeLogic {
    const models = dependencies.flatMap((id) => graph.nodes.get(id) ?? [])
    const [tested] = models.map(logicOfNode)
    const { code = '', config = '', macros: named = '', values = '' } = tested?.logic ?? {}
    const own = short(sorted(properties))
    const isInFile = /"fixture":/.test(JSON.stringify(properties))
    return {
      logic: { code: `${own}+${code}`, config, macros: named, values },
      volatile: isInFile ? 'its rows stand in a file' : undefined,
    }
  }
}

type FactsReader = (node: GraphNode) => LogicFacts

/** @param short a short hash of plain data */
function factsReader(graph: Graph, short: (value: unknown) => string): FactsReader {
  const macros = indexMacros(graph)
  const ofRunner = withNamed(macros.ofRunner, macros.byName)
  const always = short(ofRunner.map(({ id, code }) => [id, code]))
  const runnerText = ofRunner.map(({ code }) => code).join('\n')
  return (node) => {
    const settings = textsOf(settingsOf(node)).join('\n')
    const named = macrosNamedBy(`${node.rawCode}\n${settings}`, macros.byName)
    const codes = named.map(({ code }) => code)
    const text = [node.rawCode, settings, ...codes, runnerText].join('\n')
    const isSql = node.language === 'sql' && node.kind !== 'seed'
    const code = node.kind === 'seed' ? node.checksum : node.rawCode
    return {
      code: short([node.kind, isSql ? normalSql(code) : code]),
      config: short([sorted(node.config), sorted(describe(node))]),
      macros: short([always, named.map(({ id, code: body }) => [id, body])]),
      volatile: volatileOf(node, macros),
      vars: namesAskedBy(text, 'var'),
      environment: namesAskedBy(text, 'env_var'),
      readsTarget: /\btarget\b/.test(text),
    }
  }
}

function volatileOf(node: GraphNode, { byName }: MacroIndex): string | undefined {
  if (node.kind === 'seed') {
    return node.checksumName === 'path' ? 'its file is too large to be compared' : undefined
  }
  const { pre_hook: _, post_hook: __, meta: ___, docs: ____, ...settings } = settingsOf(node)
  const own = `${node.rawCode}\n${textsOf(settings).join('\n')}`
  const named = macrosNamedBy(own, byName)
  const codes = named.map(({ code }) => code)
  const found = findVolatile([own, ...codes].join('\n'))
  if (found !== undefined) return found
  const foreign = foreignInputOf(node, named)
  return foreign === undefined ? undefined : `it reads ${foreign}, neither ref nor source`
}

/** In the node's own text, and in the macros that it names. */
function foreignInputOf(node: GraphNode, named: readonly MacroNode[]): string | undefined {
  const codes = named.map(({ code }) => code)
  const isGeneric = node.kind === 'test' && node.generic !== undefined
  const known = knownNames(
    [node.rawCode, ...codes],
    new Map(named.map(({ name, code }) => [baseName(name), code])),
    isGeneric || namesRelation(node.rawCode),
  )
  const ctes = new Set([node.rawCode, ...codes].flatMap(cteNames))
  const own = findForeignInput(node.rawCode, known)
  if (own !== undefined) return own
  for (const code of codes) {
    const foreign = findForeignInput(code, known, ctes)
    if (foreign !== undefined) return foreign
  }
  return undefined
}

/** Texts of a node that may be templates of their own: hooks, conditions and arguments of tests, a location. */
function settingsOf(node: GraphNode): Readonly<Record<string, unknown>> {
  return node.kind === 'test' ? { ...node.config, ...node.generic?.arguments } : node.config
}

/** All texts in plain data. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsOf)
}

/** What of a node, apart from its code and config, decides what is written. */
function describe(node: GraphNode): unknown {
  const columns = node.columns.map(({ name, dataType, description, constraints }) => ({
    name,
    dataType,
    description,
    constraints,
  }))
  const relation = 'relation' in node ? node.relation : null
  const constraints = node.kind === 'model' ? node.constraints : null
  const test = node.kind === 'test' ? node.generic : null
  return { columns, relation, constraints, test, description: node.description }
}

/** All values where names are not written out. */
function valuesOf(
  names: readonly string[] | undefined,
  values: Readonly<Record<string, unknown>>,
): unknown {
  if (names === undefined) return sorted(values)
  return names.map((name) => [name, values[name] ?? null])
}

/** What dbt_project.yml files say of variables: whichever of them counts, a change of one shows. */
function writtenValues(names: readonly string[] | undefined, vars: Graph['vars']): unknown {
  if (names === undefined) return sorted(vars)
  if (names.length === 0) return []
  return Object.entries(vars).map(([owner, values]) => {
    const scopes = Object.values(values).filter(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    )
    return [
      owner,
      names.map((name) =>
        [values, ...scopes].map((scope) => sorted(Reflect.get(Object(scope), name) ?? null)),
      ),
    ]
  })
}

type MacroIndex = {
  /** By every word that may stand for it: `x` finds `x`, `default__x` and `duckdb__x`. */
  readonly byName: ReadonlyMap<string, readonly MacroNode[]>
  /** What nodes need without naming it: overrides of macros of dbt. */
  readonly ofRunner: readonly MacroNode[]
}

function indexMacros({ macros }: Graph): MacroIndex {
  const byName = new Map<string, MacroNode[]>()
  const standard = new Set<string>()
  const own: MacroNode[] = []
  for (const macro of macros.values()) {
    if (standardPackages.has(macro.package)) standard.add(macro.name)
    else own.push(macro)
  }
  for (const macro of own) {
    for (const name of new Set([macro.name, baseName(macro.name)])) {
      byName.set(name, [...(byName.get(name) ?? []), macro])
    }
  }
  const ofRunner = own.filter(
    ({ name }) =>
      standard.has(name) || standard.has(baseName(name)) || /^materialization_/.test(name),
  )
  return { byName, ofRunner }
}

/** `default__star` → `star`, as dispatch finds it. */
function baseName(name: string): string {
  return name.replace(/^[A-Za-z0-9]+__/, '')
}

/** Macros whose names stand in the text, and those that they name in turn; sorted. */
function macrosNamedBy(
  text: string,
  byName: ReadonlyMap<string, readonly MacroNode[]>,
): readonly MacroNode[] {
  const found = new Map<string, MacroNode>()
  const pending = [text]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const word of wordsOf(next)) {
      for (const macro of byName.get(word) ?? []) {
        if (found.has(macro.id)) continue
        found.set(macro.id, macro)
        pending.push(macro.code)
      }
    }
  }
  return [...found.values()].sort((left, right) => (left.id < right.id ? -1 : 1))
}

function withNamed(macros: readonly MacroNode[], byName: MacroIndex['byName']): MacroNode[] {
  const named = macrosNamedBy(macros.map(({ code }) => code).join('\n'), byName)
  return [...new Set([...macros, ...named])].sort((left, right) => (left.id < right.id ? -1 : 1))
}

/** Plain data with its keys in order, so that equal data gives equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]))
}
