/** Macros and functions in schema files. */
import type {
  Config,
  FunctionArgument,
  FunctionProperties,
  FunctionReturns,
  MacroProperties,
} from './project-properties.ts'
import { readColumns } from './schema-columns.ts'
import { nodeConfigKeys, readEntry, readMeta, readName, type SchemaPlace } from './schema-entry.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

const macroKeys = ['name', 'description', 'config', 'docs', 'meta', 'arguments']

export function readMacro(node: YamlNode, place: SchemaPlace): MacroProperties[] {
  return readEntry(node, place, macroKeys, []).map((entry) => ({
    ...entry,
    unrendered: entry.config,
    arguments: node.items('arguments').flatMap((item) => {
      const name = readName(item)
      if (name === undefined) return []
      item.warnUnknown(['name', 'type', 'description'])
      const type = item.optionalText('type')
      return [{ name, type, description: item.text('description', '') }]
    }),
    docs: readDocs(node),
    meta: readMeta(node),
  }))
}

function readDocs(node: YamlNode): Config {
  const { docs } = node.object('config')
  return isObject(docs) ? docs : node.object('docs')
}

const functionKeys = [
  ...macroKeys,
  'returns',
  'overloads',
  'access',
  'group',
  'columns',
  'constraints',
]

/** A function needs `returns:` with a type. */
export function readFunction(node: YamlNode, place: SchemaPlace): FunctionProperties[] {
  return readEntry(node, place, functionKeys, nodeConfigKeys).map((entry) => {
    const returns = readReturns(node)
    if (returns === undefined) node.wrong('needs returns with a data_type')
    const overloads = node.items('overloads').map((item) => {
      const definedIn = item.optionalText('defined_in')
      if (definedIn === undefined) item.wrong('needs defined_in: the name of a file of functions')
      return {
        definedIn: definedIn ?? '',
        arguments: readArguments(item),
        returns: readReturns(item),
        description: item.optionalText('description'),
      }
    })
    const columns = readColumns(node)
    return { ...entry, columns, arguments: readArguments(node), returns, overloads }
  })
}

function readArguments(node: YamlNode): FunctionArgument[] {
  return node.items('arguments').flatMap((item) => {
    const name = readName(item)
    const dataType = item.optionalText('data_type')
    if (dataType === undefined) item.wrong('needs a data_type')
    if (name === undefined || dataType === undefined) return []
    item.warnUnknown(['name', 'data_type', 'description', 'default_value'])
    const description = item.optionalText('description')
    return [{ name, dataType, description, defaultValue: item.get('default_value') }]
  })
}

function readReturns(node: YamlNode): FunctionReturns | undefined {
  const returns = node.child('returns')
  const dataType = isObject(returns.value) ? returns.optionalText('data_type') : undefined
  if (dataType === undefined) return undefined
  return { dataType, description: returns.optionalText('description') }
}
