/** The compiled project of a command line, its problems reported. */
import { hash, randomUUID } from 'node:crypto'
import { processEnvironment } from '../../core/config/environment.ts'
import type { Config } from '../../core/config.ts'
import type { MillraceError } from '../../core/errors.ts'
import type { Compiled, CompileInputs, Graph, KeptGraph, Project } from '../../transform/index.ts'
import { flagsOf, withProjectFlags } from '../../transform/stdlib/flags.ts'
import { parseCacheRelease } from '../release.ts'
import { withInline } from './inline-node.ts'
import { invocationArguments } from './invocation.ts'
import { warnOfLatent } from './latent-problems.ts'
import { parseVars } from './options.ts'
import { lakeDatabase, type ProjectDatabase } from './project-database.ts'
import { printWarning, readWarningRules, reportWarnings, type WarningRules } from './warnings.ts'

export type OpenedGraph = {
  readonly graph: Graph
  readonly invocationId: string
  readonly startedAt: string
  /** Of `--vars`. */
  readonly vars: Readonly<Record<string, unknown>>
  /** What becomes of warnings. */
  readonly rules: WarningRules
  /** Of the project, and of the command line, which wins: by dbt's names in capitals. */
  readonly flags: Readonly<Record<string, unknown>>
  /** The parse that it is of, when that is stored. */
  readonly kept?: KeptGraph | undefined
}

export type OpenedProject = OpenedGraph & Compiled

type ProjectArguments = {
  readonly vars?: string | undefined
  readonly fullRefresh?: boolean
  /** A query that is compiled as if it were a file of the project. */
  readonly inline?: string | undefined
  readonly partialParse?: boolean | undefined
  readonly warnErrorOptions?: string | undefined
  readonly printerWidth?: number | undefined
  readonly versionCheck?: boolean | undefined
  /** The command. */
  readonly _?: readonly (string | number)[]
}

/**
 * Loads and compiles the project of `--project-dir`, or takes it from the parse cache when nothing has changed since
 * that was written. Warnings go to stderr.
 * @param shared where it is built, the lake by default; opened only when a template queries it
 * @returns a graph whose `latent` problems the caller still has to report, by what it renders
 * @throws all problems of the project at once
 */
export async function openProject(
  config: Config,
  args: ProjectArguments,
  shared?: ProjectDatabase,
  listeners: ProjectListeners = {},
): Promise<OpenedProject> {
  const { onLoaded } = listeners
  const release = cacheRelease(args)
  if (release !== undefined && args.inline === undefined && onLoaded === undefined) {
    const cached = async (inputs: CompileInputs) => {
      const { openGraph } = await import('../../transform/index.ts')
      const request = { directory: config.projectDir, inputs, release, withMacros: true }
      const { graph, renderer, kept } = await openGraph({ ...request, withRenderer: true })
      return { graph, renderer: renderer(), kept }
    }
    return await withInputs(config, args, shared, cached, listeners)
  }
  const work = async (inputs: CompileInputs) => {
    const { compileProject, loadProject } = await import('../../transform/index.ts')
    const loaded = await loadProject(config.projectDir)
    onLoaded?.(loaded)
    const project = args.inline === undefined ? loaded : withInline(loaded, args.inline)
    const { graph, renderer } = await compileProject(project, inputs)
    return { graph, renderer }
  }
  return await withInputs(config, args, shared, work, listeners)
}

type ProjectListeners = {
  /** Told what was read, before it is compiled. */
  readonly onLoaded?: (project: Project) => void
  /** By default warnings are printed. */
  readonly onWarning?: (warning: MillraceError) => void
  /** What templates print(); by default it goes to stderr, as what they log. */
  readonly onPrint?: (text: string) => void
}

/**
 * The same without what renders SQL. What would fail when it is rendered is a warning.
 * @param withMacros whether `graph.macros` will be asked for
 */
export async function openProjectGraph(
  config: Config,
  args: ProjectArguments,
  shared: ProjectDatabase | undefined,
  options: { readonly withMacros: boolean },
): Promise<OpenedGraph> {
  const opened = await openCachedGraph(config, args, shared, options)
  warnOfLatent(opened)
  return opened
}

async function openCachedGraph(
  config: Config,
  args: ProjectArguments,
  shared: ProjectDatabase | undefined,
  { withMacros }: { readonly withMacros: boolean },
): Promise<OpenedGraph> {
  const release = cacheRelease(args)
  if (release === undefined) return await openProject(config, args, shared)
  return await withInputs(config, args, shared, async (inputs) => {
    const { openGraph } = await import('../../transform/index.ts')
    const directory = config.projectDir
    const { graph, kept } = await openGraph({ directory, inputs, release, withMacros })
    return { graph, kept }
  })
}

/** What wrote the parse cache; undefined where there is to be none. */
function cacheRelease(args: ProjectArguments): string | undefined {
  return isPartialParse(args) ? parseCacheRelease() : undefined
}

/** `flags` of templates: how the command was called, without what nobody said. */
function flagsGiven(args: ProjectArguments, vars: Readonly<Record<string, unknown>>) {
  const [which] = args._ ?? []
  const all = invocationArguments(which === undefined ? 'run' : String(which), { ...args }, vars)
  const said = {
    ...all,
    warn_error_options: args.warnErrorOptions && all['warn_error_options'],
    printer_width: args.printerWidth,
    version_check: args.versionCheck,
  }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
}

function isPartialParse({ partialParse }: ProjectArguments): boolean {
  const switchedOff = /^(false|f|0|no|n|off)$/i.test(processEnvironment['DBT_PARTIAL_PARSE'] ?? '')
  return partialParse ?? !switchedOff
}

/** Makes what compiling needs of the command line, and reports what compiling found. */
async function withInputs<Opened extends { readonly graph: Graph }>(
  config: Config,
  args: ProjectArguments,
  shared: ProjectDatabase | undefined,
  work: (inputs: CompileInputs) => Promise<Opened>,
  { onWarning = printWarning, onPrint }: ProjectListeners = {},
) {
  await using own = lakeDatabase(config)
  const database = shared ?? own
  const vars = parseVars(args.vars)
  const { manifestNode, templateDatabase } = await import('../../transform/index.ts')
  const invocationId = randomUUID()
  const startedAt = new Date().toISOString()
  const given = flagsGiven(args, vars)
  // A database that does not open is not the fault of the template that asks first.
  let unopened: unknown
  const read: ProjectDatabase['read'] = async (run) => {
    await database.open().catch((error: unknown) => {
      unopened = error
      throw error
    })
    return await database.read(run)
  }
  const opened = await work({
    target: database.target,
    vars,
    environment: processEnvironment,
    md5: (text) => hash('md5', text),
    sha256: (text) => hash('sha256', text),
    startedAt,
    invocationId,
    fullRefresh: args.fullRefresh === true,
    flags: given,
    engine: { externalRoot: database.externalRoot, root: config.projectDir },
    database: templateDatabase(read),
    describeNode: manifestNode,
    log: (message) => process.stderr.write(`${message}\n`),
    ...(onPrint === undefined ? {} : { print: onPrint }),
  })
  if (unopened !== undefined) throw unopened
  const { latent, warnings } = opened.graph
  const effective = flagsOf(withProjectFlags(opened.graph.flags, given))
  const problems = heeded(opened.graph.problems, effective)
  const { rules, misspelt } = readWarningRules(opened.graph.flags, given)
  reportWarnings([...misspelt, ...warnings], rules, onWarning)
  if (problems.length > 0) {
    const all = [...problems, ...latent.map(({ problem }) => problem)]
    throw new AggregateError(all, 'the project has problems')
  }
  return { ...opened, invocationId, startedAt, vars, rules, flags: effective }
}

/** All, but what `--no-version-check` lets pass. */
export function heeded(
  problems: readonly MillraceError[],
  flags: OpenedGraph['flags'],
): MillraceError[] {
  return problems.filter(
    ({ code }) => code !== 'model/wrong-dbt-version' || flags['VERSION_CHECK'] !== false,
  )
}
