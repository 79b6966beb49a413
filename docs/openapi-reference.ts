/**
 * Writes docs/openapi.json and docs/api-documentation.md from what the shipped endpoints, the tables and the other
 * features say of themselves. The columns of SQL endpoints are PostgreSQL's word, so one is started for it.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeFeatures } from '../api/describe-features.ts'
import { openApiDocument } from '../api/openapi/document.ts'
import { renderMarkdown } from '../api/openapi/markdown.ts'
import { outlineOf } from '../api/openapi/outline.ts'
import { openPostgresSource } from '../api/sources/postgres-source.ts'
import { loadEndpoints } from '../api/sql-endpoint/load-endpoints.ts'
import { openEndpointService } from '../api/sql-endpoint/service.ts'
import { createCursorSeal } from '../api/tables/cursor.ts'
import { systemClock } from '../core/clock.ts'
import { settingsSchema } from '../core/settings.ts'
import { startInstance, stopInstance } from '../local/instance.ts'
import { cacheDir } from '../tests/support/extension-directory.ts'
import { makeShippedTables } from '../tests/support/shipped-tables.ts'

const repository = new URL('..', import.meta.url).pathname
const address = 'http://127.0.0.1:8080'

/** Both files, by their path in the repository. @param schema of PostgreSQL that has the shipped tables */
export async function renderApiReference(
  url: string,
  schema: string,
): Promise<Readonly<Record<string, string>>> {
  const postgres = openPostgresSource({ url, schema, maxConnections: 1 })
  try {
    const sql = openEndpointService({
      endpoints: await loadEndpoints(repository),
      sources: { postgres, schema },
      seal: createCursorSeal('documentation'),
      cacheBytes: 0,
      clock: systemClock,
    })
    await sql.check('PostgreSQL')
    const { ad_hoc: adHoc, metrics_roles: metricsRoles } = settingsSchema.parse({}).api
    const predictions = { computes: true, roles: [] }
    const features = describeFeatures({ sql, predictions, adHoc, metricsRoles })
    const document = openApiDocument(features(), { isOpen: false })
    return {
      'docs/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
      'docs/api-documentation.md': renderMarkdown(outlineOf(document), address),
    }
  } finally {
    await postgres.close()
  }
}

/** The files that are not as they would be written now. */
export async function staleApiReference(url: string, schema: string): Promise<string[]> {
  const files = Object.entries(await renderApiReference(url, schema))
  const checked = files.map(async ([path, text]) => {
    const held = await readFile(join(repository, path), 'utf8').catch(() => '')
    return held === text ? [] : [path]
  })
  return (await Promise.all(checked)).flat()
}

async function main(): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-docs-'))
  const ports = { kafka: 0, kafkaController: 0, s3: 0, postgres: 0, sagemaker: 0 }
  try {
    const { settings } = await startInstance({
      stateDir,
      cacheDir,
      ports,
      services: ['postgres'],
      boundToThisProcess: true,
    })
    const url = settings.postgres?.url ?? ''
    await makeShippedTables(url, 'documentation')
    const files = Object.entries(await renderApiReference(url, 'documentation'))
    for (const [path, text] of files) await writeFile(join(repository, path), text)
  } finally {
    await stopInstance(stateDir, { purge: true })
    await rm(stateDir, { recursive: true, force: true })
  }
}

if (import.meta.main) await main()
