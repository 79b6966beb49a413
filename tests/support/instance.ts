/** Instances of a test's own, for tests that break them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  type Instance,
  type StartOptions,
  startInstance,
  stopInstance,
} from '../../local/instance.ts'
import { cacheDir } from './extension-directory.ts'
import { anyPorts } from './services.ts'

/** A state directory for one test; what runs in it is stopped and its data removed when the test is over. */
export function testStateDir(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-instance-'))
  onTestFinished(async () => {
    await stopInstance(directory, { purge: true })
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

/** What to start in a state directory: any free ports, gone with this process. */
export function startOptions(stateDir: string, options: Partial<StartOptions> = {}): StartOptions {
  return { stateDir, cacheDir, ports: anyPorts, boundToThisProcess: true, ...options }
}

/** Starts an instance that stops when the test is over. */
export async function testInstance(options: Partial<StartOptions> = {}): Promise<Instance> {
  const stateDir = options.stateDir ?? testStateDir()
  return await startInstance(startOptions(stateDir, options))
}

/** Waits until `condition` holds, looking every 20 ms. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
}
