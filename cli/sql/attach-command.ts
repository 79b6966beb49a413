/** The lines that attach what was built in a stock DuckDB shell. They may hold credentials. */
import { isAbsolute, resolve } from 'node:path'
import { attachSql, extensionsOf, lakeName } from '../../core/clients/lake/attach.ts'
import { quoteIdent } from '../../core/sql.ts'
import { lakeOptionsOf } from '../context.ts'
import type { Place } from '../runner/run-context.ts'

/** One statement a line, from INSTALL to USE. */
export async function attachCommand(
  place: Place,
  { readOnly }: { readonly readOnly: boolean },
): Promise<string> {
  const { extensions, statements, database } =
    place.kind === 'lake' ? await ofLake(place, readOnly) : await ofProfile(place, readOnly)
  const names = extensions.map((name) => name.replace('_scanner', ''))
  const lines = [
    ...names.map((name) => `install ${name}`),
    ...names.map((name) => `load ${name}`),
    ...statements,
    `use ${database}`,
  ]
  return lines.map((line) => `${line};\n`).join('')
}

async function ofLake({ config }: Place, readOnly: boolean) {
  const options = { ...(await lakeOptionsOf(config)), readOnly }
  const [extensions, statements] = [extensionsOf(options), attachSql(options)]
  return { extensions, statements, database: lakeName }
}

async function ofProfile({ profile }: Extract<Place, { kind: 'profile' }>, readOnly: boolean) {
  const { profileAttachSql } = await import('../../transform/index.ts')
  const { path, database } = profile
  // The shell may be started in another folder.
  const isFile = path !== ':memory:' && !/^\w+:/.test(path) && !isAbsolute(path)
  const found = profileAttachSql(isFile ? { ...profile, path: resolve(path) } : profile, readOnly)
  return { ...found, database: quoteIdent(database) }
}
