import { describe, expect, inject, it } from 'vitest'
import { startCli } from '../support/cli.ts'
import { externalProject } from '../support/external-project.ts'
import { event, landingBench } from '../support/landing.ts'

const services = inject('services')

/** Starts a command in a project of its own. */
function started(words: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  const { projectDir, env } = externalProject(services)
  return startCli([...words, '--project-dir', projectDir], { env: { ...env, ...settings } })
}
const millrace = (...command: Parameters<typeof started>) => started(...command).finished

describe('millrace land', () => {
  it('lands until caught up, and audit --deep proves it', async () => {
    await using bench = await landingBench(services, 2)
    await bench.produce([event(1), 'broken', event(2)])
    const settings = { MILLRACE_LANDING_GROUP_ID: bench.topic }
    const landed = await millrace(['land', '--topic', bench.topic, '--until-caught-up'], settings)
    // A broker that has just begun may be asked again; that is said, and is no trouble.
    const trouble = landed.stderr.split('\n').filter((line) => !/"event":"kafka\./.test(line))
    expect([landed.code, trouble.join('\n')]).toEqual([0, ''])
    expect(JSON.parse(landed.stdout)).toMatchObject({
      records: 2,
      dead_letters: 1,
      entries: 1,
      unflushed: 0,
      stopped_by: 'caught-up',
    })
    const audit = await millrace(['audit', bench.topic, '--deep'])
    expect([audit.code, audit.stderr]).toEqual([0, 'the ledger holds\n'])
    expect(JSON.parse(audit.stdout)).toMatchObject({ partition: 0, head: 3, records: 2 })
    const [file] = (await bench.entries())[0]?.files ?? []
    await bench.store.delete([file?.key ?? ''])
    const broken = await millrace(['audit', bench.topic])
    expect(broken.code).toBe(1)
    expect(broken.stderr).toContain(`violation  ${file?.key}: the file is missing`)
    expect(broken.stderr).toContain('landing/does-not-hold')
  })

  it('flushes on SIGTERM and exits with 0', async () => {
    await using bench = await landingBench(services)
    const settings = { MILLRACE_LANDING_GROUP_ID: bench.topic, MILLRACE_LOG_LEVEL: 'debug' }
    const run = started(['land', '--topic', bench.topic], settings)
    await run.shows(/verifying|filling/)
    await bench.produce([event(1), event(2), event(3)])
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(await bench.entries()).toEqual([])
    run.process.kill('SIGTERM')
    const { code, stdout } = await run.finished
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { records: 3, stopped_by: 'signal' }])
    expect(await bench.entries()).toMatchObject([{ start: 0, end: 3 }])
  })

  it('says what to do about a topic or a broker that is not there', async () => {
    const missing = await millrace(['land', '--topic', 'no-such-topic', '--until-caught-up'])
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringContaining('landing/no-such-topic'),
    ])
    const nobody = { MILLRACE_KAFKA_BROKERS: '127.0.0.1:9' }
    const unreachable = await millrace(['land', '--until-caught-up'], nobody)
    expect([unreachable.code, unreachable.stderr]).toEqual([
      3,
      expect.stringContaining('landing/kafka-unreachable'),
    ])
  })

  it('says so when it cannot write temporary files, and claims nothing', async () => {
    await using bench = await landingBench(services)
    await bench.produce([event(1)])
    const settings = {
      MILLRACE_DUCKDB_TEMP_DIRECTORY: '/dev/full/tmp',
      MILLRACE_LANDING_GROUP_ID: bench.topic,
    }
    const full = await millrace(['land', '--topic', bench.topic, '--until-caught-up'], settings)
    expect([full.code, full.stderr]).toEqual([2, expect.stringContaining('landing/temp-unusable')])
    expect(await bench.entries()).toEqual([])
  })
})

describe('millrace audit', () => {
  it('refuses a topic that was never landed, and durations that are none', async () => {
    const never = await millrace(['audit', 'never-landed'])
    expect([never.code, never.stderr]).toEqual([2, expect.stringContaining('landing/no-ledger')])
    const wrong = await millrace(['audit', '--older-than', 'soon'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('cli/bad-arguments')])
  })

  it('deletes no orphans that a running consumer may still claim', async () => {
    const young = await millrace(['audit', '--delete-orphans', '--older-than', '6h'])
    expect([young.code, young.stderr]).toEqual([2, expect.stringContaining('at least 7h')])
  })
})
