import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadEndpoints } from '../../../api/sql-endpoint/load-endpoints.ts'
import { watchEndpoints } from '../../../api/sql-endpoint/watch-endpoints.ts'
import { messageOf } from '../../../core/errors.ts'
import { endpointFile } from '../../support/api.ts'

describe('watched endpoints', () => {
  let projectDir: string
  /** A reader never sees half a file. */
  const write = async (name: string, text: string) => {
    const file = join(projectDir, `api/endpoints/${name}.sql`)
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }
  const save = (name: string, sql: string) =>
    write(name, endpointFile(`path: /api/${name}\nsummary: x`, sql))
  beforeEach(async () => {
    projectDir = await mkdtemp(join(tmpdir(), 'millrace-watch-endpoints-'))
    await mkdir(join(projectDir, 'api/endpoints'), { recursive: true })
    await save('first', 'select 1 as a')
  })
  afterEach(() => rm(projectDir, { recursive: true, force: true }))

  /** Time goes by as quickly as files can be looked at. */
  async function watch(steps: { readonly failures: number; readonly swapFailures?: number }) {
    const stop = new AbortController()
    const told: string[][] = []
    const checked: string[] = []
    const swapped: string[][] = []
    let { failures, swapFailures = 0 } = steps
    let looks = 0
    const watching = watchEndpoints(
      {
        projectDir,
        endpoints: await loadEndpoints(projectDir),
        check: async ({ name }) => {
          checked.push(name)
          if (name !== 'first' && failures-- > 0) throw new Error(`no table for ${name}`)
        },
        swap: async (endpoints) => {
          if (swapFailures-- > 0) throw new Error('the database is away')
          swapped.push(endpoints.map(({ name }) => name).sort())
        },
        onReload: (problems) => void told.push(problems.map(messageOf)),
        clock: {
          sleep: () => {
            looks++
            return new Promise((resolve) => setImmediate(resolve))
          },
        },
      },
      stop.signal,
    )
    const end = async () => {
      stop.abort()
      await watching
    }
    return { told, checked, swapped, looks: () => looks, end }
  }

  it('are tried again when the database did not take them, and that is said once', async () => {
    const { told, checked, swapped, looks, end } = await watch({ failures: 3 })
    await save('second', 'select 2 as a')
    await expect.poll(() => told.length).toBe(2)
    const tries = looks()
    await expect.poll(looks).toBeGreaterThan(tries + 30)
    await end()
    expect(told).toEqual([['no table for second'], []])
    expect(checked).toEqual(['first', 'second', 'second', 'second', 'second'])
    expect(swapped).toEqual([['first'], ['first', 'second']])
    expect(tries).toBeGreaterThanOrEqual(30)
  })

  it('are tried again as a whole when the exchange failed', async () => {
    const { told, swapped, end } = await watch({ failures: 0, swapFailures: 2 })
    await save('second', 'select 2 as a')
    await expect.poll(() => told.length).toBe(2)
    await end()
    expect(told).toEqual([['the database is away'], []])
    expect(swapped).toEqual([['first', 'second']])
  })

  it('are not looked at again when only their text can be wrong', async () => {
    const { told, checked, looks, end } = await watch({ failures: 0 })
    await write('second', 'select 1')
    await expect.poll(() => told.length).toBe(1)
    const before = looks()
    await expect.poll(looks).toBeGreaterThan(before + 30)
    await end()
    expect([told.length, checked]).toEqual([1, ['first']])
  })
})
