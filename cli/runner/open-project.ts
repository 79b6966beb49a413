/** The compiled project of a command line, its problems reported. */
import { createHash, randomUUID } from 'node:crypto'
import { processEnvironment } from '../../core/config/environment.ts'
import type { Config } from '../../core/config.ts'
import type { Compiled } from '../../transform/index.ts'
import { withInline } from './inline-node.ts'
import { parseVars } from './options.ts'
import { lakeDatabase, type ProjectDatabase } from './project-database.ts'
import { printWarning } from './warnings.ts'

export type OpenedProject = Compiled & { readonly invocationId: string; readonly startedAt: string }

type ProjectArguments = {
  readonly vars?: string | undefined
  readonly fullRefresh?: boolean
  /** A query that is compiled as if it were a file of the project. */
  readonly inline?: string | undefined
}

/**
 * Loads and compiles the project of `--project-dir`. Warnings go to stderr.
 * @param shared where it is built, the lake by default; opened only when a template queries it
 * @throws all problems of the project at once
 */
export async function openProject(
  config: Config,
  args: ProjectArguments,
  shared?: ProjectDatabase,
): Promise<OpenedProject> {
  await using own = lakeDatabase(config)
  const database = shared ?? own
  const vars = parseVars(args.vars)
  const { compileProject, loadProject, manifestNode, templateDatabase } = await import(
    '../../transform/index.ts'
  )
  const invocationId = randomUUID()
  const startedAt = new Date().toISOString()
  // A database that does not open is not the fault of the template that asks first.
  let unopened: unknown
  const read: ProjectDatabase['read'] = async (work) => {
    await database.open().catch((error: unknown) => {
      unopened = error
      throw error
    })
    return await database.read(work)
  }
  const loaded = await loadProject(config.projectDir)
  const project = args.inline === undefined ? loaded : withInline(loaded, args.inline)
  const compiled = await compileProject(project, {
    target: database.target,
    vars,
    environment: processEnvironment,
    md5: (text) => createHash('md5').update(text).digest('hex'),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    startedAt,
    invocationId,
    fullRefresh: args.fullRefresh === true,
    database: templateDatabase(read),
    describeNode: manifestNode,
    log: (message) => process.stderr.write(`${message}\n`),
  })
  if (unopened !== undefined) throw unopened
  for (const warning of compiled.graph.warnings) printWarning(warning)
  const { problems } = compiled.graph
  if (problems.length > 0) throw new AggregateError(problems, 'the project has problems')
  return { ...compiled, invocationId, startedAt }
}
