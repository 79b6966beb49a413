import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../core/clock.ts'
import { isProblem } from '../../../../core/errors.ts'
import { type HttpOptions, httpGet } from '../../../../transform/packages/http-get.ts'
import { openTestHub } from '../../../support/package-hub.ts'
import { install, packageProject } from '../../../support/package-project.ts'

const packages = { 'org/a': { '1.0.0': {} } }
const files = { 'packages.yml': 'packages: [{package: org/a, version: 1.0.0}]\n' }

const options = (given: Partial<HttpOptions> = {}): HttpOptions => ({
  clock: systemClock,
  signal: new AbortController().signal,
  hide: (text) => text,
  pausesMs: [1],
  ...given,
})

const fails = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  )

describe('the hub', () => {
  it('is asked again when it fails, and what it says in the end is taken', async () => {
    await using hub = await openTestHub(packages)
    const statuses = [500, 503, 200, 429, 200]
    hub.intercept = (_, answer) => {
      const status = statuses.shift() ?? 200
      if (status !== 200) answer.writeHead(status).end()
      return status !== 200
    }
    const { installed, events } = await install(packageProject(files), { hubUrl: hub.url })
    expect(installed).toEqual(['org/a version 1.0.0'])
    expect(hub.requests.length).toBe(5)
    expect(events.flatMap((event) => (event.kind === 'retrying' ? [event.reason] : []))).toEqual([
      `${hub.url}api/v1/org/a.json cannot be had: it answered with HTTP 500.`,
      `${hub.url}api/v1/org/a.json cannot be had: it answered with HTTP 503.`,
      `${hub.url}archives/a/1.0.0.tar.gz cannot be had: it answered with HTTP 429.`,
    ])
  })

  it('that breaks off in the middle or answers with nonsense is asked again', async () => {
    await using hub = await openTestHub(packages)
    const faults = ['<html>', '{"name": "a"}', 'cut']
    hub.intercept = (path, answer) => {
      const fault = path.endsWith('.json') ? faults.shift() : undefined
      if (fault === 'cut') answer.writeHead(200, { 'content-length': 100 }).write('{')
      if (fault === 'cut') setTimeout(() => answer.destroy(), 5)
      else if (fault !== undefined) answer.end(fault)
      return fault !== undefined
    }
    const error = await fails(install(packageProject(files), { hubUrl: hub.url }))
    expect(isProblem(error, 'packages/unreachable')).toBe(true)
    const { installed } = await install(packageProject(files), { hubUrl: hub.url })
    expect(installed).toEqual(['org/a version 1.0.0'])
  })

  it('that answers with nonsense to the end is told what was wrong with it', async () => {
    await using hub = await openTestHub(packages)
    hub.intercept = (_, answer) => {
      answer.end('{"name": "a", "versions": {"1.0.0": {"name": "a", "packages": []}}}')
      return true
    }
    const error = await fails(install(packageProject(files), { hubUrl: hub.url }))
    expect(isProblem(error, 'packages/bad-answer') && error.message).toContain(
      'versions.1.0.0.downloads',
    )
  })

  it('that is not there gives an error that tells of a vendored folder, and leaves nothing', async () => {
    const folder = packageProject(files)
    const error = await fails(install(folder, { hubUrl: 'http://127.0.0.1:1' }))
    if (!isProblem(error, 'packages/unreachable')) throw error
    expect(error.message).toContain('http://127.0.0.1:1/api/v1/org/a.json cannot be had: ')
    expect(error.hint).toContain('a dbt_packages/ folder copied from elsewhere is enough')
    expect([error.exitCode, error.retryable]).toEqual([3, true])
    expect(readdirSync(folder).sort()).toEqual(['dbt_project.yml', 'packages.yml'])
  })

  it('gives archives that are what it recorded, or they are refused', async () => {
    await using hub = await openTestHub({ 'org/a': { '1.0.0': { sha1: '0'.repeat(40) } } })
    const folder = packageProject(files)
    const error = await fails(install(folder, { hubUrl: hub.url }))
    expect(isProblem(error, 'packages/checksum')).toBe(true)
    expect(readdirSync(folder).sort()).toEqual(['dbt_project.yml', 'packages.yml'])
  })
})

describe('an answer', () => {
  it('that says no is final', async () => {
    await using hub = await openTestHub({})
    const codes = { 401: 'packages/refused', 404: 'packages/absent' } as const
    for (const [status, code] of Object.entries(codes)) {
      hub.intercept = (_, answer) => {
        answer.writeHead(Number(status)).end()
        return true
      }
      const error = await fails(httpGet(hub.url, options(), (body) => body))
      expect(isProblem(error) && error.code).toBe(code)
    }
    expect(hub.requests.length).toBe(2)
  })

  it('that is too large is not read to its end', async () => {
    await using hub = await openTestHub({})
    let isClosed = false
    hub.intercept = (_, answer) => {
      const more = () => {
        while (!isClosed && answer.write(Buffer.alloc(10_000)));
      }
      answer.on('drain', more).on('close', () => {
        isClosed = true
      })
      more()
      return true
    }
    const error = await fails(httpGet(hub.url, options({ maxBytes: 50_000 }), (body) => body))
    expect(isProblem(error, 'packages/too-large')).toBe(true)
    await expect.poll(() => isClosed).toBe(true)
  })

  it('that stops to come is given up, one that trickles is not', async () => {
    await using hub = await openTestHub({})
    let isSilent = true
    hub.intercept = (_, answer) => {
      answer.write('a')
      if (!isSilent) {
        const ticks = setInterval(() => answer.write('b'), 20)
        setTimeout(() => {
          clearInterval(ticks)
          answer.end()
        }, 400)
      }
      return true
    }
    const impatient = options({ idleMs: 200, pausesMs: [] })
    const error = await fails(httpGet(hub.url, impatient, (body) => body))
    expect(isProblem(error) && error.message).toContain('no byte came for 0.2 s')
    isSilent = false
    const text = await httpGet(hub.url, impatient, (body) => body.toString())
    expect(text).toMatch(/^ab+$/)
  })

  it('is asked for with the credentials of the address, which no message shows', async () => {
    await using hub = await openTestHub({})
    const seen: unknown[] = []
    hub.intercept = (_, answer, { headers }) => {
      seen.push(headers.authorization)
      answer.writeHead(403).end()
      return true
    }
    const host = hub.url.replace('http://', '')
    const entry = `{tarball: "http://me:{{ env_var('DBT_ENV_SECRET_T') }}@${host}t?key={{ env_var('DBT_ENV_SECRET_T') }}", name: t}`
    const folder = packageProject({ 'packages.yml': `packages: [${entry}]\n` })
    const error = await fails(install(folder, { environment: { DBT_ENV_SECRET_T: 'hunter2' } }))
    expect(seen).toEqual([`Basic ${Buffer.from('me:hunter2').toString('base64')}`])
    expect(isProblem(error) && error.message).toBe(
      `http://[redacted]@${host}t?key=***** answered with HTTP 403.`,
    )
  })
})
