import { cpSync, existsSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { settingsSchema } from '../../../core/settings.ts'
import { identify } from '../../../local/process/identity.ts'
import { serviceNames } from '../../../local/service-names.ts'
import {
  instanceSettings,
  makeCredentials,
  makeStateDir,
  readState,
  stateDirIdentity,
  statePaths,
  writeState,
} from '../../../local/state.ts'
import { readStatus } from '../../../local/status.ts'
import {
  readServiceRecord,
  runningSupervisor,
  writeServiceRecord,
  writeSupervisorRecord,
} from '../../../local/supervisor/records.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const ports = { kafka: 29092, kafkaController: 29093, s3: 29000, postgres: 25432, sagemaker: 28080 }
const startedAt = '2026-01-01T00:00:00.000Z'

function stateDir(): string {
  const directory = join(temporaryDirectory(), 'deep', '.millrace')
  makeStateDir(directory)
  return directory
}

it('keeps ports and credentials in files that only their owner can read', () => {
  const directory = stateDir()
  const state = { ports, credentials: makeCredentials() }
  writeState(directory, state, ['kafka', 's3', 'postgres'])
  expect(readState(directory)).toEqual({ version: 1, ...state })
  for (const file of [statePaths(directory).state, statePaths(directory).instance]) {
    expect(statSync(file).mode & 0o777).toBe(0o600)
  }
})

it('makes credentials that differ each time and need no escaping', () => {
  const [one, two] = [makeCredentials(), makeCredentials()]
  expect(one).not.toEqual(two)
  for (const value of Object.values(one)) expect(value).toMatch(/^[\w-]+$/)
  expect(one.kafkaClusterId).toMatch(/^\w[\w-]{21}$/)
})

it('writes settings that the configuration accepts', () => {
  const settings = instanceSettings({ ports, credentials: makeCredentials() }, [
    'kafka',
    's3',
    'postgres',
  ])
  const parsed = settingsSchema.parse(settings)
  expect(parsed.kafka.brokers).toEqual(['127.0.0.1:29092'])
  expect(parsed.s3).toMatchObject({ endpoint: 'http://127.0.0.1:29000', path_style: true })
  expect(parsed.postgres.url?.reveal()).toMatch(
    /^postgres:\/\/millrace:.*@127.0.0.1:25432\/millrace$/,
  )
  expect(parsed.lake.catalog_url?.reveal()).toMatch(/\/millrace_lake$/)
})

it('says nothing of services that were not started', () => {
  const settings = instanceSettings({ ports, credentials: makeCredentials() }, ['s3'])
  expect(Object.keys(settings)).toEqual(['s3'])
})

it('reads the state of an instance that had no stand-in for SageMaker yet', () => {
  const directory = stateDir()
  const { sagemaker: _none, ...older } = ports
  const state = { version: 1, ports: older, credentials: makeCredentials() }
  writeFileSync(statePaths(directory).state, JSON.stringify(state))
  expect(readState(directory)?.ports).toEqual({ ...older, sagemaker: 0 })
})

it('refuses a state file that somebody else wrote', () => {
  const directory = stateDir()
  writeFileSync(statePaths(directory).state, '{"version":1}')
  const read = () => readState(directory)
  expect(read).toThrowError(expect.objectContaining({ code: 'services/state-unreadable' }))
})

it('says what is wrong with a state directory that cannot be made', () => {
  const file = join(temporaryDirectory(), 'file')
  writeFileSync(file, '')
  const make = () => makeStateDir(join(file, '.millrace'))
  expect(make).toThrowError(expect.objectContaining({ code: 'services/state-dir-unusable' }))
})

it('is another place for a copy, and the same one after a move', () => {
  const directory = stateDir()
  const identity = stateDirIdentity(directory)
  cpSync(directory, `${directory}-copy`, { recursive: true })
  expect(stateDirIdentity(`${directory}-copy`)).not.toBe(identity)
  renameSync(directory, `${directory}-moved`)
  expect(stateDirIdentity(`${directory}-moved`)).toBe(identity)
})

it('does not believe the pid files of the directory it was copied from', () => {
  const directory = stateDir()
  const own = identify(process.pid)
  if (own === undefined) throw new Error('cannot see itself')
  writeSupervisorRecord(directory, { process: own, startedAt, accepting: true })
  writeServiceRecord(directory, 's3', {
    generation: 1,
    phase: 'ready',
    startedAt,
    process: own,
    stopSignal: 'SIGTERM',
    address: 'x',
  })
  cpSync(directory, `${directory}-copy`, { recursive: true })
  expect(runningSupervisor(directory)).toBeDefined()
  expect(runningSupervisor(`${directory}-copy`)).toBeUndefined()
  expect(readServiceRecord(`${directory}-copy`, 's3')).toBeUndefined()
})

it('takes a pid that was given to another process for dead, and removes the stale file', () => {
  const directory = stateDir()
  const reused = { pid: process.pid, birth: 'somebody-before/1' }
  writeSupervisorRecord(directory, { process: reused, startedAt, accepting: true })
  expect(runningSupervisor(directory)).toBeUndefined()
  expect(existsSync(statePaths(directory).supervisor)).toBe(false)
})

it('reports a service whose process vanished together with the supervisor as died', () => {
  const directory = stateDir()
  writeServiceRecord(directory, 'kafka', {
    generation: 1,
    phase: 'ready',
    startedAt,
    process: { pid: process.pid, birth: 'somebody-before/1' },
    stopSignal: 'SIGTERM',
    address: '127.0.0.1:29092',
  })
  const { services, allRunning } = readStatus(directory)
  expect(services).toEqual([
    expect.objectContaining({
      service: 'kafka',
      state: 'died',
      reason: 'ended together with its supervisor',
    }),
  ])
  expect(allRunning).toBe(false)
})

it('reports everything as stopped where nothing was ever started', () => {
  const { services } = readStatus(join(temporaryDirectory(), 'never'))
  expect(services.map(({ state }) => state)).toEqual(serviceNames.map(() => 'stopped'))
})
