/** Checks the programs that set-up and the services need, by the script that also runs on a bare machine. */
import { fileURLToPath } from 'node:url'
import { problem } from '../../core/problems.ts'
import { run } from '../process/run.ts'

const script = fileURLToPath(new URL('./prerequisites.sh', import.meta.url))

/** @throws `services/missing-prerequisite`, naming all of them and how to get them */
export async function assertPrerequisites(signal?: AbortSignal): Promise<void> {
  const { failure, output } = await run('/bin/sh', [script], { signal })
  if (failure !== undefined) {
    throw problem('services/missing-prerequisite', { report: output.trimEnd() })
  }
}
