/** What nodes took when they ran last, as run_results.json tells: the lake is not asked, which would take longer. */
import { z } from 'zod'
import { type ArtifactFolders, artifactFile } from './artifact-options.ts'
import { readArtifact } from './load-state.ts'

/** Milliseconds by id. */
export type Durations = ReadonlyMap<string, number>

const schema = z.object({
  results: z.array(
    z.object({ unique_id: z.string(), status: z.string(), execution_time: z.number() }),
  ),
})

/** What was cut short tells nothing of how long it takes. */
const wasDone = /^(success|pass|warn|fail)$/

/** @returns nothing when there is no earlier run, or its file cannot be read: estimates are all that is lost */
export async function readDurations(folders: ArtifactFolders): Promise<Durations> {
  const file = artifactFile(folders, 'run_results.json')
  const found = schema.safeParse(await readArtifact(file, 'run-results').catch(() => undefined))
  const done = found.data?.results.filter(({ status }) => wasDone.test(status)) ?? []
  return new Map(done.map((one) => [one.unique_id, one.execution_time * 1_000]))
}
