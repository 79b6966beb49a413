/** Writes artifacts and SQL under the target folder; a reader never meets half a file. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { CompiledNode, CompiledNodes, Graph } from '../../transform/index.ts'
import { type ArtifactFolders, artifactFile } from './artifact-options.ts'

/** Files of the target folder by name. Nothing is written when the command was told so. */
export async function writeArtifacts(
  folders: ArtifactFolders,
  artifacts: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Promise<void> {
  if (!folders.writesJson) return
  const { toArtifactText } = await import('../../transform/index.ts')
  for (const [name, artifact] of Object.entries(artifacts)) {
    await writeAtomically(artifactFile(folders, name), toArtifactText(artifact))
  }
}

/** Into a file beside it that is then renamed. @throws `cli/cannot-write` */
export async function writeAtomically(file: string, text: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(temporary, text)
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw problem('cli/cannot-write', { file, reason: messageOf(cause) }, { cause })
  }
}

/**
 * Writes the SQL of nodes where dbt lays it, `compiled/<package>/<path>`.
 * @returns the same as the manifest tells of it
 */
export async function writeCompiled(
  graph: Graph,
  projectDir: string,
  { targetPath }: ArtifactFolders,
  code: CompiledNodes['code'],
): Promise<Map<string, CompiledNode>> {
  const { writtenPath } = await import('../../transform/index.ts')
  const files = new Map<string, string>()
  const written = new Map<string, CompiledNode>()
  for (const [id, { sql, ...rest }] of code) {
    const node = graph.nodes.get(id) ?? graph.unitTests.get(id)
    if (node === undefined) continue
    const path = writtenPath(node, targetPath, 'compiled')
    files.set(resolve(projectDir, path), `${sql}\n`)
    written.set(id, { code: sql, ...rest, compiledPath: path, buildPath: undefined })
  }
  writeAll(files)
  return written
}

/**
 * Writes thousands of small files in place, one after the other without waiting: 3,000 of them take 0.46 s of CPU
 * so, and 1.04 s with promises. What a file holds already is left alone: to read it costs a fifth of writing it.
 * @param files absolute path → text
 */
export function writeAll(files: ReadonlyMap<string, string>): void {
  const folders = new Set<string>()
  for (const [file, text] of files) {
    try {
      const folder = dirname(file)
      if (!folders.has(folder)) mkdirSync(folder, { recursive: true })
      folders.add(folder)
      if (!holds(file, text)) writeFileSync(file, text)
    } catch (cause) {
      throw problem('cli/cannot-write', { file, reason: messageOf(cause) }, { cause })
    }
  }
}

function holds(file: string, text: string): boolean {
  // Most are not there, or have another size: to be told so costs less than to read, and much less than an exception.
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size !== Buffer.byteLength(text)) return false
  try {
    return readFileSync(file, 'utf8') === text
  } catch {
    return false // whoever writes it says why not
  }
}
