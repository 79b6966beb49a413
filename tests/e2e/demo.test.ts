/** The newcomer's story: `millrace demo` twice with a state directory of its own, then what the README says to try. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository } from '../support/api.ts'
import { type CliResult, runCli, startCli } from '../support/cli.ts'

let folder: string
let env: Record<string, string>
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-demo-'))
  env = { MILLRACE_STATE_DIR: folder }
})
afterAll(async () => {
  await millrace('down', '--purge')
  rmSync(folder, { recursive: true, force: true })
})

const millrace = (...args: string[]): Promise<CliResult> =>
  runCli([...args, '--project-dir', repository], { env })

type Equation = { equation: string; values: string; holds: string }

function equationsOf({ stdout }: CliResult): Equation[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"equation"'))
    .map((line) => JSON.parse(line))
}

describe('the demo', () => {
  it('takes events from Kafka to the API, and again on top of that, every count in step', async () => {
    for (const [model, count] of [
      ['--no-model', 7],
      ['--model', 8],
    ] as const) {
      const run = await millrace('demo', '--events', '5000', model, '--port', '0', '--exit')
      expect(run.code, `${model}: ${run.stderr}`).toBe(0)
      const equations = equationsOf(run)
      expect(equations).toHaveLength(count)
      expect(equations.filter(({ holds }) => holds !== 'yes')).toEqual([])
    }
  })

  it('has left a model that answers, by a command and by what the demo said', async () => {
    const [served] = (await millrace('ml', 'ls')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(served).toMatchObject({ version: 1, approval: 'Approved', serves: true })
    const sql = 'select user_id from ml.predictions limit 1'
    const [{ user_id: user }] = JSON.parse((await millrace('sql', sql, '--format', 'json')).stdout)
    const predicted = await millrace('ml', 'predict', '--user-id', String(user))
    expect(predicted.code, predicted.stderr).toBe(0)
    expect(JSON.parse(predicted.stdout)).toMatchObject({ model_version: served.model_version })
  })

  it('first lands what a run that was broken off has left in the topic', async () => {
    const left = ['--events', '500', '--seed', '77', '--malformed', '0.1']
    expect((await millrace('produce', ...left)).code).toBe(0)
    const run = await millrace('demo', '--events', '1000', '--no-model', '--port', '0', '--exit')
    expect(run.code, run.stderr).toBe(0)
    expect(run.stderr).toContain('First what is still in the topic')
    expect(equationsOf(run).filter(({ holds }) => holds !== 'yes')).toEqual([])
  })

  it('leaves a lake that answers SQL, and a ledger that proves itself', async () => {
    const sql = 'select count(*) as n, count(distinct id) as ids from marts.user_activity'
    const { stdout, code } = await millrace('sql', sql, '--format', 'json')
    expect(code).toBe(0)
    const [row] = JSON.parse(stdout)
    expect(row.n).toBe(row.ids)
    expect(row.n).toBeGreaterThan(9_000)
    const audit = await millrace('audit', 'user_activity_logs', '--deep')
    expect(audit.code, audit.stderr).toBe(0)
  })

  it('exports labelled features for training, once', async () => {
    const features = async (...args: string[]) => {
      const { code, stdout, stderr } = await millrace('features', ...args, '--format', 'ndjson')
      expect(code, stderr).toBe(0)
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    }
    expect((await features('check')).map(({ features: count }) => count)).toEqual([49, 0])
    const [exported] = await features('export')
    expect(exported).toMatchObject({ outcome: 'written', features: 49 })
    expect(exported.train_rows).toBeGreaterThan(exported.test_rows)
    expect((await features('export'))[0]).toMatchObject({
      uri: exported.uri,
      outcome: 'was there already',
    })
  })

  it('builds a part of the project again without anything new', async () => {
    const build = await millrace('build', '--select', '+monthly_user_activity', '--format', 'json')
    expect(build.code, build.stderr).toBe(0)
    expect(build.stdout).toContain('"outcome":"committed"')
  })

  it('goes on serving until Ctrl-C, and leaves the services running', async () => {
    const running = startCli(
      ['demo', '--events', '100', '--no-model', '--port', '0', '--project-dir', repository],
      { env },
    )
    const shown = await running.shows(/Serving (http:\S+)/)
    const url = /Serving (http:\S+)/.exec(shown)?.[1]
    const response = await fetch(`${url}/api/active-users?days=30`)
    expect(await response.json()).toEqual({ active_users: expect.any(Number) })
    const paths = [
      'users/1/activity',
      'metrics/total_purchases',
      'tables/users?select=email&limit=1',
    ]
    const reports = ['monthly-activity', 'top-purchasers', 'funnel'].map((one) => `reports/${one}`)
    for (const path of [...paths, ...reports]) {
      const { status, headers } = await fetch(`${url}/api/${path}`)
      expect([path, status, headers.get('x-table-version')]).toEqual([
        path,
        200,
        expect.stringMatching(/^[a-z_]+=\d+$/),
      ])
    }
    running.process.kill('SIGINT')
    expect((await running.finished).code).toBe(0)
    expect((await millrace('status')).code).toBe(0)
  })

  it('takes the running step with it when it is killed', async () => {
    const endless = ['demo', '--events', '1000000000', '--port', '0', '--project-dir', repository]
    const running = startCli(endless, { env })
    const closed = new Promise((resolve) => running.process.stderr.once('close', resolve))
    await running.shows(/millrace produce --events/)
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    running.process.kill('SIGKILL')
    await closed // the step holds it open as long as it runs
    const [topic] = (await millrace('topics', 'list')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(topic.records).toBeLessThan(1_000_000)
  })

  it('fails with the code of the step that failed', async () => {
    const run = await runCli(
      ['demo', '--events', '10', '--port', '0', '--exit', '--project-dir', repository],
      { env: { ...env, MILLRACE_KAFKA_BROKERS: '127.0.0.1:1' } },
    )
    expect(run.code).toBe(3)
    expect(run.stderr).toContain('error[')
  })
})
