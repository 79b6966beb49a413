/** Landing where Kafka or S3 fail as a whole; each test has services of its own. */
import { globSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type Instance, killService, startService } from '../../../../local/instance.ts'
import { testInstance } from '../../../support/instance.ts'
import { event, type LandingServices, landingBench } from '../../../support/landing.ts'

function servicesOf({ settings }: Instance): LandingServices {
  const { kafka, s3 } = settings
  if (kafka === undefined || s3 === undefined) throw new Error('the instance lacks a service')
  return {
    brokers: kafka.brokers,
    s3: {
      endpoint: s3.endpoint,
      region: s3.region,
      bucket: s3.bucket,
      accessKeyId: s3.access_key_id,
      secretAccessKey: s3.secret_access_key,
      pathStyle: s3.path_style,
    },
  }
}

const events = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => event(from + index))

/** Takes the records of a topic away as a restored disk would: the topic id stays. */
async function loseLog({ stateDir }: Instance, topic: string): Promise<void> {
  await killService(stateDir, 'kafka', 'SIGKILL')
  const files = globSync(join(stateDir, `**/${topic}-0/*.{log,index,timeindex,snapshot}`))
  expect(files.some((file) => file.endsWith('.log'))).toBe(true)
  for (const file of files) rmSync(file)
  await startService(stateDir, 'kafka')
}

it('a log that lost its end stops landing, also when other records have filled it again', async () => {
  await using instance = await testInstance({ services: ['kafka', 's3'] })
  await using bench = await landingBench(servicesOf(instance))
  await bench.produce(events(10))
  await bench.land()
  await loseLog(instance, bench.topic)
  await bench.produce(events(4, 100))
  await expect(bench.land()).rejects.toMatchObject({
    code: 'landing/log-behind',
    exitCode: 2,
    message: expect.stringContaining('the ledger ends at offset 10, but Kafka’s log ends at 4'),
  })
  await bench.produce(events(8, 200))
  await expect(bench.land()).rejects.toMatchObject({
    code: 'landing/log-changed',
    exitCode: 2,
    message: expect.stringContaining(`${bench.topic}/0: the record at offset 9 is not the one`),
  })
  expect(await bench.entries()).toMatchObject([{ start: 0, end: 10 }])
})

it('a run goes on after S3 was away for half a minute', async () => {
  await using instance = await testInstance({ services: ['kafka', 's3'] })
  await using bench = await landingBench(servicesOf(instance), 2)
  const { stateDir } = instance
  await bench.produce(events(50))
  const stop = new AbortController()
  let landed = 0
  const run = bench.land(
    { untilCaughtUp: false, rotateMs: 200 },
    { signal: stop.signal, onProgress: ({ records }) => (landed = records) },
  )
  const reach = async (records: number) => {
    while (landed < records) await Promise.race([sleep(50), run])
  }
  await reach(50)
  await killService(stateDir, 's3', 'SIGKILL')
  for (let second = 0; second < 30; second += 1) {
    await bench.produce(events(20), second % 2)
    await sleep(1_000)
  }
  expect(landed).toBe(50)
  await startService(stateDir, 's3')
  await reach(650)
  stop.abort()
  expect(await run).toMatchObject({ records: 650, unflushed: 0, reason: 'signal' })
  const ends = [await bench.entries(0), await bench.entries(1)].map((all) => all.at(-1)?.end)
  expect(ends).toEqual([350, 300])
})
