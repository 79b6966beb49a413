/** The lines that attach the lake in a stock DuckDB shell. They hold credentials. */
import {
  attachSql,
  extensionsOf,
  type LakeOptions,
  lakeName,
} from '../../core/clients/lake/attach.ts'

/** One statement a line, from INSTALL to USE. */
export function attachCommand(options: LakeOptions): string {
  const extensions = extensionsOf(options).map((name) => name.replace('_scanner', ''))
  const lines = [
    ...extensions.map((name) => `install ${name}`),
    ...extensions.map((name) => `load ${name}`),
    ...attachSql(options),
    `use ${lakeName}`,
  ]
  return lines.map((line) => `${line};\n`).join('')
}
