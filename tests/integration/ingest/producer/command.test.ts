import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, inject, it } from 'vitest'

const services = inject('services')
const main = new URL('../../../../cli/main.ts', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'millrace-produce-'))
afterAll(() => rmSync(folder, { recursive: true }))

function start(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      MILLRACE_STATE_DIR: services.stateDir,
      MILLRACE_KAFKA_BROKERS: services.brokers.join(','),
    },
  })
}

async function finish(child: ChildProcess) {
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    output.stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code, ...output, report: () => JSON.parse(output.stdout) }
}

const run = (...args: readonly string[]) => finish(start(...args))

describe('millrace produce', () => {
  it('writes the same file for the same seed and end', async () => {
    const files = ['one', 'two'].map((name) => join(folder, name))
    for (const file of files) {
      const end = ['--seed', '4', '--end', '2024-11-25T12:00:00Z']
      const result = await run('produce', '--events', '3000', '--mess', ...end, '--out', file)
      expect(result.code).toBe(0)
      expect(result.report()).toMatchObject({ interrupted: false })
    }
    const [one, two] = files.map((file) => readFileSync(file))
    expect(one?.equals(two ?? Buffer.alloc(0))).toBe(true)
  })

  it('reports how many dead letters are to be expected', async () => {
    const out = join(folder, 'messy')
    const { report } = await run('produce', '--events', '5000', '--malformed', '0.1', '--out', out)
    const { malformed, expected_dead_letters, ordinary, messages } = report()
    expect(expected_dead_letters).toBe(malformed)
    expect(ordinary + malformed).toBe(5_000)
    expect(messages).toBe(5_000)
  })

  it('refuses arguments that make no sense, with exit code 2', async () => {
    const wrong = [
      ['--events', '0'],
      ['--late', '2'],
      ['--late', '0.6', '--malformed', '0.6'],
      ['--end', 'tomorrow'],
      ['--file', 'x', '--mess'],
      ['--days', '-1'],
    ]
    for (const args of wrong) {
      const { code, stderr } = await run('produce', ...args)
      expect([args, code]).toEqual([args, 2])
      expect(stderr).toMatch(/error\[cli\/bad-arguments\]/)
    }
  })

  it('keeps whole lines, and says so, when it is interrupted before the end', async () => {
    const child = start(
      'produce',
      '--events',
      '2000000',
      '--rate',
      '1000',
      '--out',
      join(folder, 'cut'),
    )
    const finished = finish(child)
    while (!readdirSync(folder).includes('cut.part')) await new Promise((r) => setTimeout(r, 20))
    child.kill('SIGINT')
    const { code, stderr } = await finished
    expect(code).toBe(3)
    expect(stderr).toMatch(/cli\/interrupted/)
    const text = readFileSync(join(folder, 'cut'), 'utf8')
    for (const line of text.trimEnd().split('\n').filter(Boolean)) JSON.parse(line)
  })

  it('sends live events until Ctrl-C, then reports and ends with exit code 0', async () => {
    const topic = `live-${randomUUID().slice(0, 8)}`
    expect((await run('topics', 'create', topic)).code).toBe(0)
    const child = start('produce', '--continuous', '--rate', '300', '--topic', topic)
    const finished = finish(child)
    const records = async () => {
      const { stdout } = await run('topics', 'describe', topic)
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      return rows.reduce((sum, { high }) => sum + high, 0)
    }
    while ((await records()) === 0);
    child.kill('SIGINT')
    const result = await finished
    expect(result.code).toBe(0)
    expect(result.report()).toMatchObject({ interrupted: true, messages: await records() })
  })
})
