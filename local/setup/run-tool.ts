/** Runs a tool of set-up and turns its failure into a problem a reader can act on. */
import { problem } from '../../core/problems.ts'
import { lastLines, type RunOptions, run } from '../process/run.ts'

/**
 * Runs a tool to its end.
 * @param step title of the step, for the message
 * @returns what it printed
 * @throws `services/setup-failed` with its last lines
 */
export async function runTool(
  step: string,
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { failure, output } = await run(file, args, options)
  if (failure !== undefined) {
    throw problem('services/setup-failed', {
      step,
      command: shown(file, args),
      reason: failure,
      lines: lastLines(output, 8),
    })
  }
  return output
}

/** The command as a reader would type it, cut where it becomes long. */
function shown(file: string, args: readonly string[]): string {
  const text = [file, ...args].join(' ')
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}
