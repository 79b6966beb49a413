/** Runs a call of dbt: its command line, its variables, its exit codes; the work is done by the commands of Millrace. */
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { commandOptions, runCommandLine } from '../command-line.ts'
import { findUpwards } from '../find-project.ts'
import { type DbtValue, parseDbtCall, valuesOfEnvironment } from './parse-call.ts'
import { helpText, versionText } from './texts.ts'
import { toMillrace } from './to-millrace.ts'

/** @returns dbt's exit code: 0 done, 1 a node failed, 2 everything else */
export async function runDbt(argv: readonly string[]): Promise<number> {
  try {
    const code = await runCall(argv)
    return code > 1 ? 2 : code
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'cli/dbt-usage') throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
}

async function runCall(argv: readonly string[]): Promise<number> {
  const call = parseDbtCall(argv)
  if (call.kind === 'version') {
    process.stdout.write(versionText())
    return 0
  }
  if (call.kind === 'help') {
    const stream = call.wasAsked ? process.stdout : process.stderr
    stream.write(helpText(call.name))
    return call.wasAsked ? 0 : 2
  }
  loadDotEnv(process.cwd())
  const { command, positionals } = call
  const known = await commandOptions(command.ours.split(' ')[0] ?? '')
  if (known === undefined) {
    process.stderr.write(`Error: Millrace has no \`dbt ${command.name}\` yet.\n`)
    return 2
  }
  const values = new Map<string, DbtValue>([
    ...valuesOfEnvironment(command, process.env),
    ...call.values,
  ])
  const { argv: ours, warnings } = toMillrace({ command, positionals, values, known })
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`)
  return await runCommandLine(ours)
}

/** dbt reads the nearest `.env`; what the environment says already stays. @throws `cli/cannot-read` */
function loadDotEnv(folder: string): void {
  const file = findUpwards(folder, '.env')
  if (file === undefined) return
  try {
    process.loadEnvFile(file)
  } catch (cause) {
    throw problem('cli/cannot-read', { file, reason: messageOf(cause) }, { cause })
  }
}
