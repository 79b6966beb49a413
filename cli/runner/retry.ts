/** `retry`: the last command once more, for what failed in it and what was left out. */
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs'
import yargs from 'yargs'
import { problem } from '../../core/problems.ts'
import { type GlobalArguments, globalOptions } from '../options.ts'
import { registerThenPublish } from './around-build.ts'
import { artifactFolders, artifactOptions } from './artifact-options.ts'
import { cloneOptions, executeClone } from './clone.ts'
import { executeRun, type RunHooks } from './execute-run.ts'
import { executeOperation, operationOptions } from './operation.ts'
import { lineOptions, projectOptions, runOptions, warningOptions } from './options.ts'
import { type PreviousRun, readPreviousRun, repeatedArguments } from './previous-run.ts'

export const retryOptions = {
  state: {
    type: 'string',
    describe: 'Folder with the run_results.json to go on from (default: of artifacts)',
    requiresArg: true,
  },
  vars: {
    type: 'string',
    describe: 'Values for var() instead of those of the last command',
    requiresArg: true,
  },
  threads: {
    type: 'number',
    describe: 'Nodes at once, instead of those of the last command',
    requiresArg: true,
  },
  'profiles-dir': {
    type: 'string',
    describe: 'Folder of profiles.yml',
    requiresArg: true,
  },
  ...warningOptions,
  ...projectOptions,
  ...lineOptions,
  ...artifactOptions,
} as const satisfies Record<string, Options>

export type RetryArguments = ArgumentsCamelCase<InferredOptionTypes<typeof retryOptions>>

/** @returns exit code of the command that is run again; 0 when there is nothing to do */
export async function executeRetry(args: RetryArguments & GlobalArguments): Promise<number> {
  const previous = await readPreviousRun(await folderOf(args), args.projectDir)
  const { command, unfinished, batches } = previous
  if (unfinished.size === 0) {
    process.stderr.write(`Nothing to do: nothing failed in the last \`${command}\`.\n`)
    return 0
  }
  if (command === 'clone') {
    const words = wordsOf(previous, args, cloneOptions)
    const again = await yargs(words)
      .options({ ...globalOptions, ...cloneOptions })
      .parseAsync()
    return await executeClone(again, unfinished)
  }
  if (command === 'run-operation') {
    const words = wordsOf(previous, args, operationOptions)
    const again = await yargs(words)
      .options({ ...globalOptions, ...operationOptions })
      .parseAsync()
    const macro = previous.args['macro']
    return await executeOperation({ ...again, ...(typeof macro === 'string' && { macro }) })
  }
  const again = await yargs(wordsOf(previous, args, runOptions))
    .options({ ...globalOptions, ...runOptions })
    .parseAsync()
  const narrowed: RunHooks = { only: unfinished, batches }
  switch (command) {
    case 'build':
      return await executeRun(command, again, { ...registerThenPublish, ...narrowed })
    case 'run':
    case 'test':
    case 'seed':
    case 'snapshot':
      return await executeRun(command, again, narrowed)
    default:
      throw problem('cli/cannot-retry', { command })
  }
}

async function folderOf(args: RetryArguments & GlobalArguments): Promise<string> {
  if (args.state !== undefined) return args.state
  const { loadProjectSettings } = await import('../../transform/index.ts')
  const { settings } = await loadProjectSettings(args.projectDir)
  return artifactFolders({ projectDir: args.projectDir }, settings, args).target
}

/** The earlier call with what this one says instead. */
function wordsOf(
  { command, args: recorded }: PreviousRun,
  args: RetryArguments & GlobalArguments,
  known: Readonly<Record<string, Options>>,
): string[] {
  const own = {
    'project-dir': args.projectDir,
    'profiles-dir': args.profilesDir,
    'target-path': args.targetPath,
    'log-path': args.logPath,
    'log-level': args.logLevel,
    vars: args.vars,
    threads: args.threads,
    'warn-error': args.warnError,
    'warn-error-options': args.warnErrorOptions,
    print: args.print,
    'version-check': args.versionCheck,
    'printer-width': args.printerWidth,
  }
  const said = Object.entries(own).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
  const replaced = new Set(said.map((word) => word.split('=')[0]))
  const ofWarnings = ['--warn-error', '--no-warn-error', '--warn-error-options']
  if (ofWarnings.some((one) => replaced.has(one))) for (const one of ofWarnings) replaced.add(one)
  const { target } = recorded
  const words = repeatedArguments(recorded, known).filter(
    (word) => !replaced.has(word.split('=')[0]),
  )
  const where = typeof target === 'string' ? [`--target=${target}`] : []
  return [command, ...words, ...where, ...said]
}
