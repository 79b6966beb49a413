import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { buildNumbers } from '../../../support/build-numbers.ts'
import { openPublishFixture, type PublishFixture } from '../../../support/publish-fixture.ts'

let fixture: PublishFixture
beforeEach(async () => {
  fixture = await openPublishFixture(inject('services').postgresUrl)
  await fixture.rows(buildNumbers.tables)
  await fixture.build(...buildNumbers.statements(1))
  await fixture.publish(buildNumbers.requests)
})
afterEach(async () => {
  await fixture[Symbol.asyncDispose]()
})

const child = new URL('../../../support/publish-child.ts', import.meta.url).pathname

function startPublisher(times = 1): ChildProcess {
  return spawn(process.execPath, [child, fixture.folder, fixture.url, String(times)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

type Seen = { low: number; high: number; fewest: number; most: number }

async function shownBuild(): Promise<number> {
  const [seen] = await fixture.rows<Seen>(buildNumbers.look)
  const { rowCount } = buildNumbers
  expect(seen).toEqual({ low: seen?.low, high: seen?.low, fewest: rowCount, most: rowCount })
  return seen?.low ?? 0
}

async function leftovers(): Promise<unknown[]> {
  return await fixture.rows(
    `select relname from pg_class where relname like '%\\_\\_new%' and relkind = 'r'`,
  )
}

describe('a publisher that is killed', () => {
  it('leaves the old build or the new one, whole, and the next publish completes it', async () => {
    const shown: boolean[] = []
    for (let build = 2; build <= 14; build++) {
      await fixture.build(...buildNumbers.statements(build))
      const publisher = startPublisher()
      const exit = once(publisher, 'exit')
      publisher.stdout?.once('data', () => {
        setTimeout(() => publisher.kill('SIGKILL'), Math.random() * 700)
      })
      await exit
      const now = await shownBuild()
      expect([build - 1, build]).toContain(now)
      shown.push(now === build)
      await fixture.publish(buildNumbers.requests)
      expect(await shownBuild()).toBe(build)
      expect(await leftovers()).toEqual([])
    }
    expect(shown).toContain(false)
  })
})

describe('a PostgreSQL backend that dies in the middle', () => {
  it('leaves the old build whole, ends with exit code 3, and the publish can be repeated', async () => {
    const failures: number[] = []
    for (let build = 2; build <= 7; build++) {
      await fixture.build(...buildNumbers.statements(build))
      const stop = new AbortController()
      const killing = (async () => {
        await new Promise((resolve) => setTimeout(resolve, build * 30))
        while (!stop.signal.aborted) {
          await fixture.rows(
            `select pg_terminate_backend(pid) from pg_stat_activity
             where application_name in ('millrace', 'millrace-copy') and query not like '%pg_terminate%'
               and datname = current_database() and pid <> pg_backend_pid()
               and query ilike '%\\_\\_new%'`,
          )
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })()
      const failure = await fixture.publish(buildNumbers.requests).then(
        () => undefined,
        (error: unknown) => error,
      )
      stop.abort()
      await killing
      if (failure !== undefined) {
        expect(isProblem(failure, 'publish/postgres-unreachable'), String(failure)).toBe(true)
        failures.push(build)
        expect(await shownBuild()).toBe(build - 1)
      }
      await fixture.publish(buildNumbers.requests)
      expect(await shownBuild()).toBe(build)
    }
    expect(failures.length).toBeGreaterThan(0)
  })
})

describe('two publishers at once', () => {
  it('take turns, and the newest build is what is seen', async () => {
    const others = [startPublisher(5), startPublisher(5)]
    const exits = others.map((other) => once(other, 'exit'))
    for (let build = 2; build <= 6; build++) {
      await fixture.build(...buildNumbers.statements(build))
      await fixture.publish(buildNumbers.requests)
      expect(await shownBuild()).toBe(build)
    }
    expect((await Promise.all(exits)).map(([code]) => code)).toEqual([0, 0])
    expect(await shownBuild()).toBe(6)
    expect(await leftovers()).toEqual([])
  })
})
