/** What containers leave behind when the stand-in that ran them was killed. */
import { join } from 'node:path'
import { statePaths } from '../../state.ts'
import { killByEnvironment } from './process-tree.ts'

/** Where the base directories of all containers of an instance are. */
export function workDirOf(stateDir: string): string {
  return join(statePaths(stateDir).data('sagemaker'), 'work')
}

/**
 * Kills every process of every container of an instance. The kernel ends a container itself with the stand-in
 * (`bindToParent`), not what the container started. Only Linux tells who they are.
 */
export function killContainers(stateDir: string): void {
  killByEnvironment(`SAGEMAKER_BASE_DIR=${workDirOf(stateDir)}/`)
}
