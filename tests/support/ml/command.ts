/** `millrace` in this process: a command a second of start-up would be most of the time of these tests. */
import { runCommandLine } from '../../../cli/command-line.ts'

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** Runs one command line; two at once would mix what they print. */
export async function runCommand(args: readonly string[]): Promise<Ran> {
  const said = { stdout: '', stderr: '' }
  const real = { stdout: process.stdout.write, stderr: process.stderr.write }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: string | Uint8Array) => {
      said[name] += typeof text === 'string' ? text : Buffer.from(text).toString('utf8')
      return true
    }
  }
  try {
    const code = await runCommandLine(args)
    return { code, ...said }
  } finally {
    process.stdout.write = real.stdout
    process.stderr.write = real.stderr
  }
}
