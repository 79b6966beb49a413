/** Removes what an instance left on the disk. */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeDataHome } from './postgres/data-home.ts'

/** What Millrace writes in a state directory; the directory itself may be the user's own. */
const ownNames = ['state.json', 'instance.json', 'run', 'logs', 'kafka', 's3', 'sagemaker']

/** Removes data, credentials and logs, and the directory when nothing else is in it. Stop the instance first. */
export function purge(stateDir: string): void {
  if (!existsSync(stateDir)) return
  removeDataHome(stateDir)
  for (const name of ownNames) rmSync(join(stateDir, name), { recursive: true, force: true })
  if (readdirSync(stateDir).length === 0) rmdirSync(stateDir)
}
