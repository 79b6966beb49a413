/** A model as files: parquet, csv or json, in one file or by partition, read back through a view. */
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import { type ModelNode, textConfig } from '../compile/graph.ts'
import { externalReadLocation, externalWriteOptions } from '../stdlib/external-options.ts'
import { invalidConfig, isMap } from './config-lists.ts'
import { relationSql } from './statement.ts'

const formats = ['csv', 'parquet', 'json'] as const

type Format = (typeof formats)[number]

export type ExternalFiles = {
  /** A file, or the folder of partitions, as the config says it. */
  readonly location: string
  /** In the parentheses of `copy … to`. */
  readonly writeOptions: string
  /** Whether the location is a folder. */
  readonly isFolder: boolean
  readonly format: Format
  /** In the parentheses of `read_parquet` and the like, behind the location. */
  readonly readOptions: string
  /** Files below a location. */
  readonly glob: (location: string) => string
}

/**
 * @param root folder or URL of files whose models do not say a location
 * @throws `model/invalid-config`
 */
export function externalFiles(model: ModelNode, root: string): ExternalFiles {
  const { config, relation } = model
  const options = writeOptionsOf(model)
  const said = textConfig(config, 'format')
  if (said !== undefined && !formats.some((format) => format === said)) {
    throw invalidConfig(model, 'format', `is ${said}; there are ${formats.join(', ')}`)
  }
  const partition = options.get('partition_by')
  const ending = partition === undefined ? `.${said ?? 'parquet'}` : ''
  const location = textConfig(config, 'location') ?? `${root}/${relation.name}${ending}`
  const writeOptions = externalWriteOptions(location, options)
  const written = String(options.get('format')).toLowerCase()
  const format = formats.find((name) => name === (said ?? written)) ?? 'parquet'
  return {
    location,
    writeOptions,
    isFolder: externalReadLocation('', options) !== '',
    format,
    readOptions: readOptionsOf(model, format, options.get('compression')),
    glob: (place) => externalReadLocation(place, options),
  }
}

/** `options:`, and the older `format` and `delimiter` beside it. */
function writeOptionsOf(model: ModelNode): Map<unknown, unknown> {
  const { config } = model
  const said = config['options'] ?? {}
  if (!isMap(said)) throw invalidConfig(model, 'options', 'must be a map')
  const options = new Map<unknown, unknown>(
    Object.entries(said).map(([key, value]) => [key, String(value)]),
  )
  for (const key of ['format', 'delimiter']) {
    const value = textConfig(config, key)
    if (value !== undefined && value !== '') options.set(key, value)
  }
  return options
}

const readDefaults: Readonly<Record<Format, Readonly<Record<string, unknown>>>> = {
  parquet: { union_by_name: false },
  csv: { auto_detect: true },
  json: { auto_detect: true },
}

function readOptionsOf(model: ModelNode, format: Format, compression: unknown): string {
  const key = `${format}_read_options`
  const said = model.config[key]
  if (said !== undefined && said !== null && !isMap(said)) {
    throw invalidConfig(model, key, 'must be a map')
  }
  const options: Record<string, unknown> = { ...(isMap(said) ? said : readDefaults[format]) }
  // DuckDB tells it from a lower-case ending only.
  if (typeof compression === 'string' && format !== 'parquet')
    options['compression'] ??= compression
  const printed = Object.entries(options).map(([name, value]) => {
    return `, ${name} = ${typeof value === 'string' ? quoteLiteral(value) : JSON.stringify(value)}`
  })
  return printed.join('')
}

/** @param rows a relation, or a query in parentheses @param to where, which may be another place than the config's */
export function writeFiles({ writeOptions }: ExternalFiles, rows: string, to: string): string {
  return `copy ${rows} to ${quoteLiteral(to)} (${writeOptions})`
}

/**
 * A view of the files.
 * @param from where they are
 * @param emptyRow columns of a file that holds nothing but one row of NULLs, which the view leaves out
 */
export function viewOfFiles(
  model: ModelNode,
  files: ExternalFiles,
  from: string,
  emptyRow: readonly string[] = [],
): string {
  const read = `read_${files.format}(${quoteLiteral(files.glob(from))}${files.readOptions})`
  const filled = emptyRow.map((column) => `${quoteIdent(column)} is not null`)
  const where = filled.length === 0 ? '' : `\nwhere ${filled.join(' and ')}`
  return `create or replace view ${relationSql(model.relation)} as\nselect * from ${read}${where}`
}
