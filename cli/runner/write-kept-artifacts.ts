/** Writes what `parse` writes; of a project that was parsed before, what was written then. */
import type { KeptGraph } from '../../transform/index.ts'
import { type ArtifactFolders, artifactFile } from './artifact-options.ts'
import { invocationOf } from './invocation.ts'
import type { OpenedGraph } from './open-project.ts'
import { writeAtomically } from './write-artifacts.ts'

/** Nothing is written when the command was told so. @returns how many macros the project has */
export async function writeKeptArtifacts(
  folders: ArtifactFolders,
  project: OpenedGraph & { readonly kept?: KeptGraph | undefined },
): Promise<number> {
  if (!folders.writesJson) return project.graph.macros.size
  const { keptArtifacts } = await import('../../transform/index.ts')
  const { files, macros } = keptArtifacts(project.graph, project.kept, invocationOf(project))
  for (const [name, pieces] of Object.entries(files)) {
    await writeAtomically(artifactFile(folders, name), Buffer.concat(pieces))
  }
  return macros
}
