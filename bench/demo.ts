/**
 * The demo as a user runs it, in a fresh state directory: first run, then a second on top of it. The seconds are
 * wall time of the whole command.
 *
 *   node bench/demo.ts [--events 200000]
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { events: { type: 'string', default: '200000' } } })
const repository = new URL('..', import.meta.url).pathname
const stateDir = mkdtempSync(join(tmpdir(), 'millrace-bench-'))

try {
  for (const run of ['first', 'second']) {
    const started = performance.now()
    const demo = millrace(
      'demo',
      '--events',
      values.events,
      '--port',
      '0',
      '--exit',
      '--format',
      'table',
    )
    const seconds = (performance.now() - started) / 1_000
    console.log(demo.stdout)
    console.log(`${run} run: ${seconds.toFixed(1)} s, exit code ${demo.status}\n`)
    if (demo.status !== 0) {
      console.error(demo.stderr)
      process.exitCode = 1
    }
  }
} finally {
  millrace('down', '--purge')
  rmSync(stateDir, { recursive: true, force: true })
}

function millrace(...args: string[]) {
  return spawnSync(join(repository, 'millrace'), args, {
    cwd: repository,
    env: { ...process.env, MILLRACE_STATE_DIR: stateDir },
    encoding: 'utf8',
  })
}
