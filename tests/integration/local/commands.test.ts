/** `millrace up`, `down`, `status`, `logs`, `doctor` as a user types them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, inject, it, onTestFinished } from 'vitest'
import { instanceStatus } from '../../../local/instance.ts'
import { testStateDir, until } from '../../support/instance.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const millrace = fileURLToPath(new URL('../../../millrace', import.meta.url))

type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** A project of its own with free ports, and the command line in it. */
function project(environment: Readonly<Record<string, string>> = {}) {
  const projectDir = temporaryDirectory()
  const stateDir = testStateDir()
  writeFileSync(join(projectDir, 'millrace.yml'), 'name: test\ntargets: { local: {} }\n')
  const start = (...args: readonly string[]) =>
    spawn(millrace, args, {
      cwd: projectDir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        MILLRACE_STATE_DIR: stateDir,
        MILLRACE_LOCAL_KAFKA_PORT: '0',
        MILLRACE_LOCAL_KAFKA_CONTROLLER_PORT: '0',
        MILLRACE_LOCAL_S3_PORT: '0',
        MILLRACE_LOCAL_POSTGRES_PORT: '0',
        MILLRACE_LOCAL_SAGEMAKER_PORT: '0',
        ...environment,
      },
    })
  return { stateDir, start, run: (...args: readonly string[]) => outcomeOf(start(...args)) }
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}

const rowsOf = ({ stdout }: Outcome) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

async function occupiedPort(): Promise<number> {
  const server = createServer()
  onTestFinished(() => void server.close())
  return await new Promise((resolve) => {
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address()
      resolve(typeof address === 'object' ? (address?.port ?? 0) : 0)
    })
  })
}

it('starts, shows, mends, logs and stops the services', async () => {
  const { run, stateDir } = project()
  expect((await run('status')).code).toBe(3)

  const up = await run('up')
  expect(up.code).toBe(0)
  expect(up.stderr).toMatch(/kafka: ready at 127\.0\.0\.1:\d+ after/)
  expect(up.stdout).not.toContain(':@')
  expect(rowsOf(up).map(({ service }) => service)).toEqual(['kafka', 's3', 'postgres', 'sagemaker'])

  const status = await run('status')
  expect(status.code).toBe(0)
  const [kafka, s3] = rowsOf(status)
  expect(kafka).toMatchObject({ service: 'kafka', state: 'running', pid: expect.any(Number) })

  process.kill(s3.pid, 'SIGKILL')
  await until(() => instanceStatus(stateDir).services[1]?.state === 'died')
  const broken = await run('status', '--format', 'table')
  expect(broken.code).toBe(3)
  expect(broken.stdout).toMatch(/s3 died: was ended by SIGKILL at /)
  expect((await run('doctor')).stdout).toMatch(/"bad".*service s3.*died/)

  const again = await run('up')
  expect(again.stderr).toMatch(/kafka: already running at/)
  expect(again.stderr).toMatch(/s3: ready at/)

  const log = await run('logs', 'kafka', '-n', '1')
  expect(log.stdout).toMatch(/Kafka Server started|RaftServer/)

  const down = await run('down', '--purge')
  expect(down).toMatchObject({ code: 0, stderr: expect.stringMatching(/^stopped\n/) })
  expect(existsSync(join(stateDir, 'state.json'))).toBe(false)
  expect(await run('down')).toMatchObject({ code: 0, stderr: 'nothing was running\n' })
})

it('names a taken port that was asked for, and what to do, with exit code 2', async () => {
  const port = await occupiedPort()
  const { run, stateDir } = project({ MILLRACE_LOCAL_S3_PORT: String(port) })
  const { code, stderr } = await run('up')
  expect(code).toBe(2)
  expect(stderr).toContain(`Port ${port} for s3 (local.s3_port) is in use`)
  expect(stderr).toContain('hint:')
  expect(instanceStatus(stateDir).supervisorPid).toBeUndefined()
})

it.each(['SIGINT', 'SIGTERM'] as const)('stops what it started on %s', async (signal) => {
  const { start, stateDir } = project()
  const child = start('up')
  const outcome = outcomeOf(child)
  await until(() => instanceStatus(stateDir).services.some(({ pid }) => pid !== undefined))
  child.kill(signal)
  expect(await outcome).toMatchObject({ code: 3, stdout: '' })
  const { supervisorPid, services } = instanceStatus(stateDir)
  expect(supervisorPid).toBeUndefined()
  expect(services.every(({ pid }) => pid === undefined)).toBe(true)
})

it('has nothing to start for a target whose services are elsewhere', async () => {
  const { run } = project({ MILLRACE_SERVICES: 'external' })
  const { code, stderr } = await run('up')
  expect(code).toBe(2)
  expect(stderr).toContain('error[services/external]')
})

it.skipIf(existsSync('/var/run/docker.sock'))(
  'says at once that no container engine answers',
  async () => {
    const { run } = project({ MILLRACE_SERVICES: 'containers' })
    for (const command of ['up', 'status', 'down']) {
      const { code, stderr } = await run(command)
      expect(code).toBe(3)
      expect(stderr).toContain('error[services/no-container-engine]')
    }
  },
)

it('follows a log until it is interrupted', async () => {
  const { stateDir } = inject('services')
  const { start } = project({ MILLRACE_STATE_DIR: stateDir })
  const child = start('logs', 'kafka', '-f', '-n', '1')
  const outcome = outcomeOf(child)
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  child.kill('SIGINT')
  expect(await outcome).toMatchObject({ code: 0 })
})

it('finds nothing wrong where everything is set up and runs', async () => {
  const { stateDir } = inject('services')
  const { run } = project({ MILLRACE_STATE_DIR: stateDir })
  const outcome = await run('doctor')
  expect(outcome.code).toBe(0)
  const checks = rowsOf(outcome).map(({ check, verdict }) => `${check} ${verdict}`)
  expect(checks).toContain('DuckDB extension ducklake ok')
  expect(checks).toContain('service kafka ok')
})

it('names what is missing from the cache, and how to get it', async () => {
  const cacheDir = temporaryDirectory()
  const { run } = project({ MILLRACE_CACHE_DIR: cacheDir })
  const outcome = await run('doctor')
  expect(outcome.code).toBe(2)
  const missing = rowsOf(outcome).filter(({ verdict }) => verdict === 'bad')
  expect(missing.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['Kafka 4.3.1', 'versitygw 1.8.0', 'DuckDB extension httpfs']),
  )
  expect(missing.every(({ advice }) => /make setup/.test(advice))).toBe(true)
})
