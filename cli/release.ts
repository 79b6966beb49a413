/** Which Millrace this is. */
import { readFileSync, statSync } from 'node:fs'
import { runsFromSources, shippedFile } from '../core/shipped-file.ts'

/** The adapter of dbt whose behaviour this is; tools read it. */
export const adapterVersion = '1.11.1'

/** `millrace`, or `dbt` where that was called. */
export function calledAs(): 'dbt' | 'millrace' {
  return /(^|[/\\])dbt(\.[jt]s)?$/.test(process.argv[1] ?? '') ? 'dbt' : 'millrace'
}

/** As in package.json. */
export function version(): string {
  const file = shippedFile(runsFromSources ? 'package.json' : '../package.json')
  const found: unknown = JSON.parse(readFileSync(file, 'utf8'))
  return typeof found === 'object' && found !== null && 'version' in found
    ? String(found.version)
    : ''
}

/**
 * Tells one build of the program from another: a graph that was parsed by other code may be another graph. Undefined
 * where the sources are run, which change without a word.
 */
export function parseCacheRelease(): string | undefined {
  if (runsFromSources) return undefined
  const { size, mtimeMs } = statSync(shippedFile('transform/index.js'))
  return `${version()} ${size} ${mtimeMs}`
}
