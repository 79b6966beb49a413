/** Options of `copy … to`, and what reads the files back, as dbt-duckdb takes them from a config. */
import { TemplateFault, toText } from '../jinja/values.ts'

const compressions: Readonly<Record<string, string>> = { gz: 'gzip', zst: 'zstd' }
/** Options whose value is a text in SQL. */
const quoted = new Set(['delimiter', 'quote', 'escape', 'null'])

/** @param options is given what was left to find out: format, header, compression @returns `format csv, header 1` */
export function externalWriteOptions(location: string, options: unknown): string {
  if (!(options instanceof Map)) throw new TemplateFault('options are a dict')
  if (!options.has('format')) inferFormat(location, options)
  if (options.get('format') === 'csv' && !options.has('header')) options.set('header', 1)
  const partition = options.get('partition_by')
  if (typeof partition === 'string' && partition.includes(',') && !partition.startsWith('(')) {
    options.set('partition_by', `(${partition})`)
  }
  const printed = [...options].map(([key, value]) => {
    const text = toText(value)
    const isText = quoted.has(toText(key).toLowerCase()) && !text.startsWith("'")
    return `${toText(key)} ${isText ? `'${text}'` : text}`
  })
  return printed.join(', ')
}

/** `data.csv.gz` is a compressed csv; a place without an ending is parquet, or csv when it has a delimiter. */
function inferFormat(location: string, options: Map<unknown, unknown>): void {
  const endings = (location.split('/').at(-1) ?? '').toLowerCase().split('.').slice(1)
  const compression = compressions[endings.at(-1) ?? '']
  const format = endings.at(compression === undefined ? -1 : -2)
  if (format === undefined) {
    options.set('format', options.has('delimiter') ? 'csv' : 'parquet')
    return
  }
  options.set('format', format)
  if (compression !== undefined && !options.has('compression')) {
    options.set('compression', compression)
  }
}

/** Where to read what was written: itself, or all files of all its partitions. */
export function externalReadLocation(location: string, options: unknown): string {
  const read = (key: string): unknown => (options instanceof Map ? options.get(key) : undefined)
  const partition = read('partition_by')
  if (!partition && !read('per_thread_output')) return location
  const depth = partition ? toText(partition).split(',').length : 0
  const globs = [location, '*', ...Array.from({ length: depth }, () => '*')]
  return `${globs.join('/')}.${toText(read('format') ?? 'parquet')}`
}
