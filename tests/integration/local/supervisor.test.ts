/** The supervisor and what it must never do: leave orphans, collide with another, touch a stranger. */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import {
  instanceStatus,
  killService,
  type StartEvent,
  startInstance,
  startService,
  stopInstance,
} from '../../../local/instance.ts'
import { identify, isAlive } from '../../../local/process/identity.ts'
import { stateDirIdentity, statePaths } from '../../../local/state.ts'
import { startOptions, testInstance, testStateDir, until } from '../../support/instance.ts'

const onlyS3 = { services: ['s3'] } as const

function processOf(stateDir: string, index = 0) {
  const identity = identify(instanceStatus(stateDir).services[index]?.pid ?? 0)
  if (identity === undefined) throw new Error('the service does not run')
  return identity
}

function supervisorOf(stateDir: string) {
  const identity = identify(instanceStatus(stateDir).supervisorPid ?? 0)
  if (identity === undefined) throw new Error('the supervisor does not run')
  return identity
}

/** Holds a port until the test is over. */
async function occupy(port = 0): Promise<number> {
  const server = createServer()
  onTestFinished(() => void server.close())
  return await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port }, () => {
      const address = server.address()
      resolve(typeof address === 'object' ? (address?.port ?? 0) : 0)
    })
  })
}

it('leaves no orphan when the supervisor is killed with SIGKILL, and goes on afterwards', async () => {
  const { stateDir, settings } = await testInstance({ services: ['s3', 'postgres'] })
  const services = [processOf(stateDir, 0), processOf(stateDir, 1)]
  process.kill(supervisorOf(stateDir).pid, 'SIGKILL')
  // On Linux by the kernel; elsewhere the next command ends them, so that command comes first there.
  if (process.platform !== 'linux') await stopInstance(stateDir)
  await until(() => !services.some(isAlive))
  expect(instanceStatus(stateDir).services.every(({ state }) => state !== 'running')).toBe(true)
  const again = await startInstance(startOptions(stateDir, { services: ['s3', 'postgres'] }))
  expect(again.settings).toEqual(settings)
})

it('finds and ends a service that outlived its supervisor', async () => {
  const { stateDir } = await testInstance(onlyS3)
  const record = statePaths(stateDir).service('s3')
  const written = JSON.parse(readFileSync(record, 'utf8'))
  await stopInstance(stateDir)
  // A stranger in the role of the orphan: what counts is the pid file.
  const orphan = spawn('sleep', ['60'], { stdio: 'ignore' })
  const identity = identify(orphan.pid ?? 0)
  expect(identity).toBeDefined()
  writeFileSync(record, JSON.stringify({ ...written, process: identity }))
  expect(await stopInstance(stateDir)).toBe(true)
  expect(identity && isAlive(identity)).toBe(false)
})

it('leaves a stranger alone that got the pid of a dead service', async () => {
  const { stateDir } = await testInstance(onlyS3)
  const record = statePaths(stateDir).service('s3')
  const written = JSON.parse(readFileSync(record, 'utf8'))
  await stopInstance(stateDir)
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => void stranger.kill())
  writeFileSync(
    record,
    JSON.stringify({ ...written, process: { pid: stranger.pid, birth: 'long ago' } }),
  )
  expect(instanceStatus(stateDir).services[0]?.state).toBe('died')
  expect(await stopInstance(stateDir)).toBe(false)
  await startInstance(startOptions(stateDir, onlyS3))
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
})

it('starts one set of services when two commands start it at once', async () => {
  const stateDir = testStateDir()
  const [one, two] = await Promise.all([
    startInstance(startOptions(stateDir, onlyS3)),
    startInstance(startOptions(stateDir, onlyS3)),
  ])
  expect(one.settings).toEqual(two.settings)
  const launches = readFileSync(statePaths(stateDir).supervisorLog, 'utf8').match(/supervises/g)
  expect(launches).toHaveLength(1)
})

it('says that everything runs already, and starts only what died', async () => {
  const { stateDir } = await testInstance({ services: ['s3', 'postgres'] })
  const postgres = processOf(stateDir, 1)
  await killService(stateDir, 's3', 'SIGKILL')
  const events: StartEvent[] = []
  await startInstance(
    startOptions(stateDir, {
      services: ['s3', 'postgres'],
      onEvent: (event) => void events.push(event),
    }),
  )
  expect(events.map(({ kind }) => kind)).toEqual(['starting', 'already-running', 'ready'])
  expect(processOf(stateDir, 1)).toEqual(postgres)
})

it('runs two instances side by side that do not know of each other', async () => {
  const ports = { kafka: 0, kafkaController: 0, s3: await occupy(), postgres: 0, sagemaker: 0 }
  const events: StartEvent[] = []
  const onEvent = (event: StartEvent) => void events.push(event)
  const [one, two] = await Promise.all([
    testInstance({ ...onlyS3, ports, onEvent }),
    testInstance({ ...onlyS3, ports, onEvent }),
  ])
  expect(one.ports.s3).not.toBe(two.ports.s3)
  expect(one.settings.s3?.secret_access_key).not.toBe(two.settings.s3?.secret_access_key)
  expect(events.filter(({ kind }) => kind === 'port-changed')).toHaveLength(2)
  await one.stop()
  expect(instanceStatus(two.stateDir).allRunning).toBe(true)
})

it('refuses a port in use that was asked for, and starts nothing', async () => {
  const stateDir = testStateDir()
  const port = await occupy()
  const ports = { kafka: 0, kafkaController: 0, s3: port, postgres: 0, sagemaker: 0 }
  const start = startInstance(
    startOptions(stateDir, { ...onlyS3, ports, explicitPorts: new Set(['s3']) }),
  )
  await expect(start).rejects.toMatchObject({ code: 'services/port-taken', exitCode: 2 })
  expect(instanceStatus(stateDir).supervisorPid).toBeUndefined()
  expect(existsSync(statePaths(stateDir).instance)).toBe(false)
})

it('comes back on its port after a stop, and on another one when that was taken meanwhile', async () => {
  const { stateDir, ports } = await testInstance(onlyS3)
  await stopInstance(stateDir)
  expect((await startInstance(startOptions(stateDir, onlyS3))).ports).toEqual(ports)
  await stopInstance(stateDir)
  await occupy(ports.s3)
  const moved = await startInstance(startOptions(stateDir, onlyS3))
  expect(moved.ports.s3).not.toBe(ports.s3)
  expect(moved.settings.s3?.endpoint).toBe(`http://127.0.0.1:${moved.ports.s3}`)
})

it('does not touch the instance from which its directory was copied', async () => {
  const original = await testInstance(onlyS3)
  const copy = `${original.stateDir}-copy`
  cpSync(original.stateDir, copy, { recursive: true })
  onTestFinished(async () => {
    await stopInstance(copy, { purge: true })
    rmSync(copy, { recursive: true, force: true })
  })
  expect(await stopInstance(copy)).toBe(false)
  expect(instanceStatus(original.stateDir).allRunning).toBe(true)
  const started = await startInstance(startOptions(copy, onlyS3))
  expect(started.ports.s3).not.toBe(original.ports.s3)
  expect(instanceStatus(original.stateDir).allRunning).toBe(true)
})

it('stops what it started when it is told to stop', async () => {
  const stateDir = testStateDir()
  const controller = new AbortController()
  const start = startInstance(
    startOptions(stateDir, {
      services: ['kafka', 's3'],
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === 'ready') controller.abort(new Error('Ctrl-C'))
      },
    }),
  )
  await expect(start).rejects.toThrow('Ctrl-C')
  const { supervisorPid, services } = instanceStatus(stateDir)
  expect(supervisorPid).toBeUndefined()
  expect(services.map(({ pid }) => pid)).toEqual([undefined, undefined])
})

it('takes the instance down when the process it is bound to is gone', async () => {
  const stateDir = testStateDir()
  const { cacheDir, ports } = startOptions(stateDir)
  const options = { stateDir, cacheDir, ports, services: ['s3'], boundToThisProcess: true }
  const module = new URL('../../../local/instance.ts', import.meta.url)
  const program = `
    import { startInstance } from ${JSON.stringify(module.href)}
    await startInstance(${JSON.stringify(options)})
    process.kill(process.pid, 'SIGKILL')`
  spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' })
  await until(() => instanceStatus(stateDir).allRunning)
  const service = processOf(stateDir)
  await until(() => !isAlive(service) && instanceStatus(stateDir).supervisorPid === undefined)
})

it('says why a service did not start, with the end of its log, and leaves nothing running', async () => {
  const stateDir = testStateDir()
  const cacheDir = join(stateDir, 'broken-cache')
  const program = join(cacheDir, 'versitygw-1.8.0', 'versitygw')
  mkdirSync(dirname(program), { recursive: true })
  writeFileSync(program, '#!/bin/sh\necho "the disk is made of cheese" >&2\nexit 7\n', {
    mode: 0o755,
  })
  const start = startInstance(startOptions(stateDir, { ...onlyS3, cacheDir }))
  await expect(start).rejects.toMatchObject({
    code: 'services/failed-to-start',
    exitCode: 3,
    message: expect.stringMatching(/exit code 7\s.*the disk is made of cheese/),
  })
  const { supervisorPid, services } = instanceStatus(stateDir)
  expect(supervisorPid).toBeUndefined()
  expect(services[0]).toMatchObject({ state: 'died', reason: expect.stringContaining('cheese') })
})

it('sends the reader to set-up when the cache is empty', async () => {
  const stateDir = testStateDir()
  const start = startInstance(startOptions(stateDir, { cacheDir: join(stateDir, 'none') }))
  await expect(start).rejects.toMatchObject({ code: 'services/not-set-up', exitCode: 2 })
  expect(existsSync(statePaths(stateDir).run)).toBe(false)
})

it('tells that the instance went down while it was being started', async () => {
  const stateDir = testStateDir()
  const start = startInstance(startOptions(stateDir, { services: ['kafka'] }))
  const failure = start.catch((error: unknown) => error)
  await until(() => instanceStatus(stateDir).supervisorPid !== undefined)
  await stopInstance(stateDir)
  expect(await failure).toMatchObject({ exitCode: 3 })
})

it('starts and breaks only services of an instance that runs', async () => {
  const stateDir = testStateDir()
  const code = 'services/not-running'
  await expect(startService(stateDir, 's3')).rejects.toMatchObject({ code })
  await expect(killService(stateDir, 's3', 'SIGKILL')).rejects.toMatchObject({ code })
})

it('stops a service that is frozen', async () => {
  const { stateDir } = await testInstance(onlyS3)
  const service = processOf(stateDir)
  await killService(stateDir, 's3', 'SIGSTOP')
  expect(await stopInstance(stateDir)).toBe(true)
  expect(isAlive(service)).toBe(false)
})

it('removes everything of its own, and nothing else, when it is purged', async () => {
  const { stateDir } = await testInstance({ services: ['s3', 'postgres'] })
  writeFileSync(join(stateDir, 'mine.txt'), 'keep')
  await stopInstance(stateDir, { purge: true })
  const identity = stateDirIdentity(stateDir)
  expect(identity).toBeDefined()
  expect(existsSync(join(stateDir, 'mine.txt'))).toBe(true)
  expect(existsSync(statePaths(stateDir).state)).toBe(false)
  expect(existsSync(statePaths(stateDir).data('postgres'))).toBe(false)
})
