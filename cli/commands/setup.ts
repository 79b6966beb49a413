/** `millrace setup`: everything that npm does not bring. */
import { problem } from '../../core/problems.ts'
import type { SetupEvent } from '../../local/setup/step.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { openProgress, type Progress } from '../progress.ts'

/** In a pipe a long step says that it is still at work, so that nobody takes it for dead. */
const heartbeatMs = 20_000

export const setupCommand = defineCommand({
  command: 'setup',
  describe: 'Fetch Kafka, the S3 server, DuckDB extensions and XGBoost into the cache',
  builder: (yargs) => yargs.example('$0 setup', 'once; it goes on where it stopped'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { assertPrerequisites } = await import('../../local/setup/prerequisites.ts')
    const { runSetup } = await import('../../local/setup/run-setup.ts')
    const { setupSteps } = await import('../../local/setup/steps.ts')
    const { cacheDir } = config
    const view = openView(openProgress(process.stderr))
    await withInterrupt(async (signal) => {
      signal.addEventListener('abort', view.close)
      try {
        await assertPrerequisites(signal)
        await runSetup({ cacheDir, steps: setupSteps, onEvent: view.show, signal })
      } catch (error) {
        if (!signal.aborted) throw error
        throw problem('cli/interrupted', { what: 'Set-up' }, { cause: error })
      } finally {
        view.close()
      }
    })
    process.stderr.write(`everything is in ${cacheDir}\n`)
    return 0
  },
})

function openView(progress: Progress) {
  const open = new Map<string, number>()
  const describe = (now: number) =>
    [...open].map(([title, since]) => `${title} ${Math.round((now - since) / 1000)} s`).join(', ')
  const moving = setInterval(() => {
    if (open.size > 0) progress.update(`at work: ${describe(Date.now())}`)
  }, 250)
  const heartbeat = setInterval(() => {
    if (open.size > 0 && !process.stderr.isTTY)
      progress.line(`still at work: ${describe(Date.now())}`)
  }, heartbeatMs)
  return {
    show(event: SetupEvent): void {
      if (event.kind === 'started') open.set(event.title, Date.now())
      if (event.kind !== 'started' && event.kind !== 'progress') open.delete(event.title)
      const text = textOf(event)
      if (text !== undefined) progress.line(`${event.title}: ${text}`)
    },
    close(): void {
      clearInterval(moving)
      clearInterval(heartbeat)
      progress.clear()
    },
  }
}

function textOf(event: SetupEvent): string | undefined {
  switch (event.kind) {
    case 'present':
      return 'already there'
    case 'started':
      return undefined // the step says itself what it does
    case 'progress':
      return event.text
    case 'done':
      return `done after ${(event.elapsedMs / 1000).toFixed(1)} s`
    case 'skipped':
      return `left out, ${event.reason}`
    case 'failed':
      return 'failed, see below; the others go on'
    default:
      return event satisfies never
  }
}
