import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { Service, ServiceContext } from '../../../../local/services.ts'
import { makeCredentials, statePaths } from '../../../../local/state.ts'
import { ManagedService } from '../../../../local/supervisor/managed-service.ts'
import { readServiceRecord } from '../../../../local/supervisor/records.ts'

/** Stands still before it looks at a process, as a supervisor does that the system does not let run. */
vi.mock('../../../../local/process/identity.ts', async (load) => {
  const actual = await load<typeof import('../../../../local/process/identity.ts')>()
  return {
    ...actual,
    identify: (pid: number) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      return actual.identify(pid)
    },
  }
})

function contextOf(stateDir: string): ServiceContext {
  return {
    stateDir,
    cacheDir: stateDir,
    logPath: statePaths(stateDir).log('s3'),
    ports: { kafka: 0, kafkaController: 0, s3: 0, postgres: 0, sagemaker: 0 },
    credentials: makeCredentials(),
  }
}

/** A state directory, and a service of it that ends at once unless `runs` says otherwise. */
function standIn(runs: (start: number) => boolean) {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-managed-'))
  onTestFinished(() => rmSync(stateDir, { recursive: true }))
  for (const file of [statePaths(stateDir).service('s3'), statePaths(stateDir).log('s3')]) {
    mkdirSync(dirname(file), { recursive: true })
  }
  let starts = 0
  const service: Service = {
    name: 's3',
    prepare: async () => undefined,
    command: () => ({ file: 'sleep', args: [runs(++starts) ? '60' : '0'], stopSignal: 'SIGTERM' }),
    probe: async () => {
      if (!runs(starts)) throw new Error('not ready yet')
    },
    mend: () => true,
    address: () => 'nowhere',
  }
  return { stateDir, managed: new ManagedService(service, stateDir), starts: () => starts }
}

it('starts a service again that ended before its process could be seen', async () => {
  const { stateDir, managed, starts } = standIn((start) => start === 2)
  managed.start(1, contextOf(stateDir))
  try {
    await expect.poll(() => readServiceRecord(stateDir, 's3')?.phase).toMatch(/ready|ended/)
    expect(readServiceRecord(stateDir, 's3')).toMatchObject({ phase: 'ready' })
    expect(starts()).toBe(2)
  } finally {
    await managed.stop()
  }
})

it('answers who asks while it is being started, and is started once', async () => {
  const { stateDir, managed, starts } = standIn(() => true)
  managed.start(1, contextOf(stateDir))
  managed.start(2, contextOf(stateDir))
  try {
    await expect.poll(() => readServiceRecord(stateDir, 's3')?.phase).toBe('ready')
    expect(readServiceRecord(stateDir, 's3')).toMatchObject({ generation: 2 })
    expect(starts()).toBe(1)
  } finally {
    await managed.stop()
  }
})
