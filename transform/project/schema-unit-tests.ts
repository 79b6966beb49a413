/** Unit tests: a model, rows for its inputs, and the rows that must come out. */
import type {
  Reference,
  UnitTest,
  UnitTestInput,
  UnitTestOverrides,
  UnitTestRows,
  VersionRule,
} from './project-others.ts'
import type { Config } from './project-properties.ts'
import { readEntry, type SchemaPlace } from './schema-entry.ts'
import { readVersionName } from './schema-versions.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

const keys = [
  'name',
  'model',
  'given',
  'expect',
  'description',
  'overrides',
  'config',
  'versions',
  'tags',
  'meta',
  'enabled',
]

export function readUnitTest(node: YamlNode, place: SchemaPlace): UnitTest[] {
  return readEntry(node, place, keys, ['tags', 'meta']).flatMap((entry) => {
    const model = node.optionalText('model')
    if (model === undefined) node.wrong('needs a model')
    if (!node.has('expect')) node.wrong('needs expect: the rows that the model must give')
    if (model === undefined) return []
    return [
      {
        ...entry,
        unrendered: node.object('config'),
        model,
        given: node.items('given').flatMap(readInput),
        expect: readRows(node.child('expect')),
        overrides: node.has('overrides') ? readOverrides(node.child('overrides')) : undefined,
        versions: node.has('versions') ? readRule(node.child('versions')) : undefined,
      },
    ]
  })
}

function readInput(node: YamlNode): UnitTestInput[] {
  const input = node.optionalText('input')
  if (input === undefined) {
    node.wrong('needs an input, such as ref(…) or source(…)')
    return []
  }
  node.warnUnknown(['input', 'rows', 'format', 'fixture'])
  return [{ input, ...readRows(node), at: node.at }]
}

/** Maps for `dict`, text for `csv` and `sql`, or the name of a fixture that holds either. */
function readRows(node: YamlNode): UnitTestRows {
  const fixture = node.optionalText('fixture')
  const format = readFormat(node)
  const rows = node.get('rows')
  const isText = format !== 'dict'
  if (fixture !== undefined && rows !== undefined && rows !== null) {
    node.wrong('has rows and a fixture: say one of them')
  }
  if (fixture !== undefined && !isText) {
    node.child('fixture').wrong('needs format: csv or format: sql')
  }
  if (rows === undefined || rows === null) return { format, rows: undefined, fixture }
  if (isText) {
    if (typeof rows !== 'string') node.child('rows').wrong(`must be text for the format ${format}`)
    return { format, rows: typeof rows === 'string' ? rows : undefined, fixture }
  }
  const maps = node.items('rows').flatMap(({ value }): Config[] => (isObject(value) ? [value] : []))
  if (!Array.isArray(rows) || maps.length !== rows.length) {
    node.child('rows').wrong('must be a list of maps of columns and values')
  }
  return { format, rows: maps, fixture }
}

function readFormat(node: YamlNode): UnitTestRows['format'] {
  const said = node.optionalText('format')
  if (said === undefined || said === 'dict') return 'dict'
  if (said === 'csv' || said === 'sql') return said
  node.child('format').wrong('must be dict, csv or sql')
  return 'dict'
}

function readOverrides(node: YamlNode): UnitTestOverrides {
  node.warnUnknown(['macros', 'vars', 'env_vars'])
  return {
    macros: node.object('macros'),
    vars: node.object('vars'),
    env_vars: node.object('env_vars'),
  }
}

function readRule(node: YamlNode): VersionRule {
  const { include, exclude } = {
    include: readList(node, 'include'),
    exclude: readList(node, 'exclude'),
  }
  if (include !== undefined && exclude !== undefined) {
    node.wrong('cannot both include and exclude versions')
  }
  return { include, exclude }
}

function readList(node: YamlNode, key: string) {
  if (!node.has(key)) return undefined
  return node.items(key).flatMap((item) => readVersionName(item) ?? [])
}

/** The model and the inputs of a unit test, to be looked up: each call at its place. */
export function referencesOfUnitTest(node: YamlNode, test: UnitTest): Reference[] {
  const { name, package: owner, model, given } = test
  const shared = { kind: 'unit test' as const, name, package: owner }
  const ofModel = { ...shared, call: `ref('${model}')`, at: node.child('model').at }
  const ofInputs = given.filter(({ input }) => input !== 'this')
  return [ofModel, ...ofInputs.map(({ input, at }) => ({ ...shared, call: input, at }))]
}
