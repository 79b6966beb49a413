/** The compiled project of a command line, its problems reported. */
import { createHash, randomUUID } from 'node:crypto'
import { processEnvironment } from '../../core/config/environment.ts'
import type { Config } from '../../core/config.ts'
import type { Compiled } from '../../transform/index.ts'
import { type LazyLake, lazyLake } from './lazy-lake.ts'
import { parseVars } from './options.ts'

export type OpenedProject = Compiled & { readonly invocationId: string; readonly startedAt: string }

type ProjectArguments = { readonly vars?: string | undefined; readonly fullRefresh?: boolean }

/**
 * Loads and compiles the project of `--project-dir`. Warnings go to stderr.
 * @param shared the lake that templates query; opened only when one does
 * @throws all problems of the project at once
 */
export async function openProject(
  config: Config,
  args: ProjectArguments,
  shared?: LazyLake,
): Promise<OpenedProject> {
  await using own = lazyLake(config)
  const lake = shared ?? own
  const vars = parseVars(args.vars)
  const { compileProject, loadProject, templateDatabase } = await import('../../transform/index.ts')
  const invocationId = randomUUID()
  const startedAt = new Date().toISOString()
  const project = await loadProject(config.projectDir)
  const compiled = await compileProject(project, {
    target: {
      name: config.target,
      database: 'lake',
      schema: 'main',
      type: 'duckdb',
      threads: config.settings.duckdb.threads ?? 1,
    },
    vars,
    environment: processEnvironment,
    md5: (text) => createHash('md5').update(text).digest('hex'),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    startedAt,
    invocationId,
    fullRefresh: args.fullRefresh === true,
    database: templateDatabase(async (work) => (await lake.open()).read(work)),
    log: (message) => process.stderr.write(`${message}\n`),
  })
  for (const { code, at, message, hint } of compiled.graph.warnings) {
    const place =
      at === undefined ? '' : ` ${[at.file, at.line, at.column].filter(Boolean).join(':')}`
    process.stderr.write(`warning[${code}]${place} ${message}${hint ? ` ${hint}` : ''}\n`)
  }
  const { problems } = compiled.graph
  if (problems.length > 0) throw new AggregateError(problems, 'the project has problems')
  return { ...compiled, invocationId, startedAt }
}
