import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const module = new URL('../../../core/log.ts', import.meta.url).href

/** A process that opens a log and then does what is said. */
const script = (options: string, rest: string) => [
  '--input-type=module',
  '--eval',
  `import { openLog, withoutRedaction } from '${module}'; const log = openLog('info', ${options}); ${rest}`,
]

/** Lines on stderr of such a process, when it has ended. */
const linesOf = (options: string, rest: string) =>
  new Promise<Record<string, unknown>[]>((resolve) => {
    execFile(process.execPath, script(options, rest), (_error, _stdout, stderr) => {
      const lines = stderr.split('\n').filter((line) => line.startsWith('{'))
      resolve(lines.map((line) => JSON.parse(line)))
    })
  })

describe('the log', () => {
  it('says when, how bad and what, and no secret', async () => {
    const [line] = await linesOf(
      '{}',
      `log.info({ event: 'a', password: 'p', of: { token: 't' } })`,
    )
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      event: 'a',
      password: '[redacted]',
      of: { token: expect.any(String) },
    })
  })

  it.skipIf(!existsSync('/dev/full'))('ends nothing on a full disk', async () => {
    const full = openSync('/dev/full', 'w')
    const rest = `log.info({}); setTimeout(() => process.exit(7), 50)`
    const child = spawn(process.execPath, script('{}', rest), { stdio: ['ignore', 'ignore', full] })
    expect(await once(child, 'exit')).toEqual([7, null])
    closeSync(full)
  })

  it('leaves what has known fields as it is', async () => {
    const [line] = await linesOf('{}', `withoutRedaction(log).warn({ event: 'b', path: '/x' })`)
    expect(line).toMatchObject({ level: 'warn', event: 'b', path: '/x' })
  })

  it.each([
    ['the process ends', ''],
    ['it ends itself', 'process.exit(3)'],
    ['it fails', `throw new Error('x')`],
  ])('has every line when %s, buffered or not', async (_, end) => {
    const rest = `for (let i = 0; i < 1000; i++) log.info({ i }); ${end}`
    for (const isBuffered of [true, false]) {
      const lines = await linesOf(JSON.stringify({ isBuffered }), rest)
      expect(lines.map(({ i }) => i)).toEqual(Array.from({ length: 1000 }, (_one, i) => i))
    }
  })

  it('shows a single buffered line while the process runs', async () => {
    const rest = `log.info({ event: 'here' }); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, script('{ isBuffered: true }', rest))
    const [chunk] = await once(child.stderr, 'data')
    expect(String(chunk)).toContain('"event":"here"')
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
})
