import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runSql, shippedActiveUsers } from '../../support/api.ts'
import { runCli, startCli } from '../../support/cli.ts'

const slow = `/* ---
path: /api/slow
summary: Sleeps for a second
shape: object
--- */
select 'done' as state, pg_sleep(1)::text as slept
`

describe('millrace serve', () => {
  let projectDir: string
  const schema = 'serve_test'
  const serve = (...args: string[]) => ['serve', '--project-dir', projectDir, ...args]
  const env = (more: Record<string, string> = {}) => ({
    MILLRACE_POSTGRES_URL: inject('services').postgresUrl,
    MILLRACE_POSTGRES_SCHEMA: schema,
    ...more,
  })

  beforeAll(async () => {
    projectDir = await mkdtemp(join(tmpdir(), 'millrace-serve-'))
    const yml = 'name: t\ndefault_target: t\ntargets:\n  t: { services: external }\n'
    await writeFile(join(projectDir, 'millrace.yml'), yml)
    await mkdir(join(projectDir, 'api/endpoints'), { recursive: true })
    await writeFile(join(projectDir, 'api/endpoints/active-users.sql'), shippedActiveUsers)
    await writeFile(join(projectDir, 'api/endpoints/slow.sql'), slow)
    await runSql(
      inject('services').postgresUrl,
      `drop schema if exists ${schema} cascade; create schema ${schema};
       create table ${schema}.user_activity (user_id int, event_timestamp timestamp)`,
    )
  })
  afterAll(() => rm(projectDir, { recursive: true, force: true }))

  it('listens on loopback and says that it is open, logs a line per request, and finishes running requests at SIGTERM', async () => {
    const cli = startCli(serve('--port', '0'), { env: env() })
    const shown = await cli.shows(/whoever uses this machine may call it/)
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(shown)?.[0] ?? ''
    const answer = await fetch(`${url}/api/active-users`)
    expect(await answer.text()).toBe('{"active_users":0}')

    const running = fetch(`${url}/api/slow`)
    await new Promise((resolve) => setTimeout(resolve, 300))
    cli.process.kill('SIGTERM')
    await cli.shows(/stopping/)
    expect(await (await running).json()).toMatchObject({ state: 'done' })
    const { code, stderr } = await cli.finished
    expect(code).toBe(0)
    await expect(fetch(`${url}/livez`)).rejects.toThrow()
    const lines = stderr.split('\n').filter((line) => line.includes('request.finished'))
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { method: 'GET', path: '/api/active-users', status: 200 },
      { method: 'GET', path: '/api/slow', status: 200 },
    ])
    expect(JSON.parse(lines[0] ?? '')).toHaveProperty(
      'request_id',
      answer.headers.get('x-request-id'),
    )
  })

  it('takes a changed endpoint into service with --watch, and keeps what was there when it is broken or all are away', async () => {
    const cli = startCli(serve('--port', '0', '--watch'), { env: env() })
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(await cli.shows(/Serving http/))?.[0] ?? ''
    const file = join(projectDir, 'api/endpoints/version.sql')
    const version = (sql: string) =>
      writeFile(
        file,
        `/* ---\npath: /api/version\nsummary: x\nshape: object\ncache_seconds: 600\n--- */\n${sql}\n`,
      )
    const answer = async () => {
      const response = await fetch(`${url}/api/version`)
      return response.status === 200 ? await response.text() : response.status
    }
    expect(await answer()).toBe(404)
    await version('select 1 as v')
    await expect.poll(answer, { timeout: 20_000 }).toBe('{"v":1}')
    await version('select nope as v')
    await cli.shows(/error\[api\/broken-endpoint\] api\/endpoints\/version\.sql:7/)
    expect(await answer()).toBe('{"v":1}')
    await version('select 3 as v')
    await expect.poll(answer, { timeout: 20_000 }).toBe('{"v":3}')
    await rm(file)
    await expect.poll(answer, { timeout: 20_000 }).toBe(404)
    expect((await fetch(`${url}/api/active-users`)).status).toBe(200)
    // As a checkout or an editor does it: the folder is away for a moment.
    const folder = join(projectDir, 'api/endpoints')
    await rename(folder, `${folder}-away`)
    await cli.shows(/no endpoint \(\*\.sql\)[\s\S]*what was there before is/)
    expect((await fetch(`${url}/api/active-users`)).status).toBe(200)
    await rename(`${folder}-away`, folder)
    await version('select 4 as v')
    await expect.poll(answer, { timeout: 20_000 }).toBe('{"v":4}')
    await rm(file)
    cli.process.kill('SIGTERM')
    expect((await cli.finished).code).toBe(0)
  })

  it('says that the port is taken, and ends with 2', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const { code, stderr } = await runCli(serve('--port', port), { env: env() })
    other.close()
    expect(stderr).toContain(`Port ${port} of 127.0.0.1 is in use`)
    expect(code).toBe(2)
  })

  it('says to build first when a table is missing, and ends with 2', async () => {
    const { code, stderr } = await runCli(serve('--port', '0'), {
      env: env({ MILLRACE_POSTGRES_SCHEMA: 'nobody_built_this' }),
    })
    expect(stderr).toMatch(/error\[api\/not-built\] api\/endpoints\/active-users\.sql:\d+:\d+/)
    expect(stderr).toContain('run `millrace build` first')
    expect(code).toBe(2)
  })

  it('says that PostgreSQL does not answer, without its password, and ends with 3', async () => {
    const { code, stderr } = await runCli(serve('--port', '0'), {
      env: env({ MILLRACE_POSTGRES_URL: 'postgres://u:hunter2@127.0.0.1:1/db' }),
    })
    expect(stderr).toContain('publish/postgres-unreachable')
    expect(stderr).not.toContain('hunter2')
    expect(code).toBe(3)
  })

  it('does not blame an endpoint for a login that PostgreSQL refuses, and ends with 2', async () => {
    const url = new URL(inject('services').postgresUrl)
    url.pathname = '/nobody_made_this'
    const { code, stderr } = await runCli(serve('--port', '0'), {
      env: env({ MILLRACE_POSTGRES_URL: url.href }),
    })
    expect(stderr).toContain('error[publish/login-refused]')
    expect(stderr).toContain('database "nobody_made_this" does not exist')
    expect(stderr).not.toContain('broken-endpoint')
    expect(code).toBe(2)
  })

  it('names every broken endpoint at once, and ends with 2', async () => {
    const broken = join(projectDir, 'api/endpoints/broken.sql')
    await writeFile(broken, '/* ---\npath: /api/b\nsummary: b\n--- */\nselect 1 as a,\n  nope')
    const { code, stderr } = await runCli(serve('--port', '0'), { env: env() })
    await rm(broken)
    expect(stderr).toContain('error[api/broken-endpoint] api/endpoints/broken.sql:6:3')
    expect(code).toBe(2)
  })

  it.each([
    [['--port', 'x'], '--port takes a number'],
    [['--port', '70000'], 'api.port'],
    [['--host', '203.0.113.1'], 'Nobody could call the API on 203.0.113.1'],
    [['--prot', '1'], 'prot'],
  ])('refuses %j with 2', async (args, message) => {
    const { code, stderr } = await runCli(serve(...args), { env: env() })
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  it('says where endpoints are expected when there are none', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'millrace-serve-'))
    const yml = 'name: t\ndefault_target: t\ntargets:\n  t: { services: external }\n'
    await writeFile(join(empty, 'millrace.yml'), yml)
    const { code, stderr } = await runCli(['serve', '--project-dir', empty], { env: env() })
    await rm(empty, { recursive: true })
    expect(stderr).toContain(`no endpoint (*.sql) in ${empty}/api/endpoints`)
    expect(code).toBe(2)
  })
})
