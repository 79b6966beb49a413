/** Data tests as schema files ask for them, in all of their spellings. */
import type { Config, TestDeclaration } from './project-properties.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

/** Keys of a test that are settings rather than arguments, wherever they stand; in the order in which dbt reads them. */
export const testSettings = [
  'severity',
  'tags',
  'enabled',
  'where',
  'limit',
  'warn_if',
  'error_if',
  'fail_calc',
  'store_failures',
  'store_failures_as',
  'sql_header',
  'meta',
  'database',
  'schema',
  'alias',
]
const ownKeys = ['name', 'description', 'test_name', 'column_name']

/** Data tests of the entry itself and of its columns. */
export function readAllTests(node: YamlNode): TestDeclaration[] {
  const own = readTests(node, undefined)
  const ofColumns = node
    .items('columns')
    .flatMap((column) => readTests(column, column.optionalText('name')))
  return [...own, ...ofColumns]
}

function readTests(node: YamlNode, column: string | undefined): TestDeclaration[] {
  const items = [...node.items('data_tests'), ...node.items('tests')]
  return items.flatMap((item) => readTest(item, column))
}

/** `unique`, `{unique: {…}}` or `{test_name: unique, …}`. */
function readTest(node: YamlNode, column: string | undefined): TestDeclaration[] {
  if (typeof node.value === 'string') return [declare(node, node.value, node, column)]
  if (!isObject(node.value)) {
    node.wrong('must be the name of a data test, or a name with its arguments')
    return []
  }
  const isFlat = typeof node.value['test_name'] === 'string'
  const [first, second] = Object.keys(node.value)
  const test = isFlat ? String(node.value['test_name']) : first
  if (test === undefined) return []
  if (!isFlat && second !== undefined) {
    node.wrong(`names ${test} and ${second}: indent the arguments of a data test below its name`)
    return []
  }
  return [declare(node, test, isFlat ? node : node.child(test), column)]
}

function declare(
  node: YamlNode,
  test: string,
  body: YamlNode,
  column: string | undefined,
): TestDeclaration {
  const { args, config } = readBody(body)
  const own = column === undefined ? body.optionalText('column_name') : undefined
  return {
    test,
    name: body.optionalText('name'),
    description: body.text('description', ''),
    column,
    arguments: own === undefined ? args : { column_name: own, ...args },
    config,
    unrendered: config,
    at: node.at,
  }
}

function readBody(body: YamlNode): { readonly args: Config; readonly config: Config } {
  const args: Record<string, unknown> = {}
  const config: Record<string, unknown> = {}
  for (const key of body.keys()) {
    const { value } = body.child(key)
    if (testSettings.includes(key)) {
      config[key] = value
      body.child(key).deprecated('PropertyMovedToConfigDeprecation')
    } else if (key === 'config') Object.assign(config, body.object('config'))
    else if (key === 'arguments') {
      // As in dbt, a config that stands among the arguments is a config.
      for (const [name, given] of Object.entries(body.object('arguments'))) {
        if (name === 'config' && isObject(given)) Object.assign(config, given)
        else if (testSettings.includes(name)) config[name] = given
        else args[name] = given
      }
    } else if (!ownKeys.includes(key)) {
      args[key] = value
      if (body.has('arguments')) continue
      body.child(key).deprecated('MissingArgumentsPropertyInGenericTestDeprecation')
    }
  }
  return { args, config }
}
