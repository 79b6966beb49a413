/** Checks the programs that set-up and the services need, by the script that also runs on a bare machine. */
import { problem } from '../../core/problems.ts'
import { shippedFile } from '../../core/shipped-file.ts'
import { run } from '../process/run.ts'

const script = shippedFile('local/setup/prerequisites.sh')

/** @throws `services/missing-prerequisite`, naming all of them and how to get them */
export async function assertPrerequisites(signal?: AbortSignal): Promise<void> {
  const { failure, output } = await run('/bin/sh', [script], { signal })
  if (failure !== undefined) {
    throw problem('services/missing-prerequisite', { report: output.trimEnd() })
  }
}
