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

it('starts a service again that ended before its process could be seen', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-managed-'))
  onTestFinished(() => rmSync(stateDir, { recursive: true }))
  for (const file of [statePaths(stateDir).service('s3'), statePaths(stateDir).log('s3')]) {
    mkdirSync(dirname(file), { recursive: true })
  }
  let starts = 0
  const service: Service = {
    name: 's3',
    prepare: async () => undefined,
    command: () => ({ file: 'sleep', args: [starts++ === 0 ? '0' : '60'], stopSignal: 'SIGTERM' }),
    probe: async () => {
      if (starts < 2) throw new Error('not ready yet')
    },
    mend: () => true,
    address: () => 'nowhere',
  }
  const managed = new ManagedService(service, stateDir)
  managed.start(1, contextOf(stateDir))
  try {
    await expect.poll(() => readServiceRecord(stateDir, 's3')?.phase).toMatch(/ready|ended/)
    expect(readServiceRecord(stateDir, 's3')).toMatchObject({ phase: 'ready' })
    expect(starts).toBe(2)
  } finally {
    await managed.stop()
  }
})
