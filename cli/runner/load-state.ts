/** Artifacts of an earlier invocation, read from the folder of `--state`. */
import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { PreviousState } from '../../transform/index.ts'

/** Versions of each artifact whose keys are the ones that are read here. */
const versions = { manifest: [4, 12], 'run-results': [4, 6], sources: [3, 3] } as const

/**
 * What is not in the folder is left out; a selection that needs it says so.
 * @param folder relative to the project, or absolute
 * @param targetFolder where `source freshness` writes, relative to the project, or absolute
 * @throws `model/unreadable-state` when there is no such folder, or a file in it is no artifact
 */
export async function loadState(
  folder: string,
  projectDir: string,
  targetFolder: string,
): Promise<PreviousState> {
  const directory = resolve(projectDir, folder)
  await assertFolder(directory, folder)
  const [manifest, results, sources, currentSources] = await Promise.all([
    readArtifact(join(directory, 'manifest.json'), 'manifest'),
    readArtifact(join(directory, 'run_results.json'), 'run-results'),
    readArtifact(join(directory, 'sources.json'), 'sources'),
    readArtifact(resolve(projectDir, targetFolder, 'sources.json'), 'sources'),
  ])
  return { manifest, results, sources, currentSources }
}

async function assertFolder(directory: string, folder: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined)
  if (found?.isDirectory()) return
  throw problem('model/unreadable-state', { file: folder, reason: 'there is no such folder' })
}

/** @returns undefined when there is no such file @throws `model/unreadable-state` */
export async function readArtifact(file: string, kind: keyof typeof versions): Promise<unknown> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw problem('model/unreadable-state', { file, reason: messageOf(cause) }, { cause })
  }
  assertVersion(file, kind, value)
  return value
}

function assertVersion(file: string, kind: keyof typeof versions, value: unknown): void {
  const [first, last] = versions[kind]
  const schema = /\/dbt\/([a-z-]+)\/v(\d+)\.json/.exec(JSON.stringify(metadataOf(value)) ?? '')
  const version = Number(schema?.[2])
  if (schema?.[1] === kind && version >= first && version <= last) return
  const wanted = first === last ? `v${last}` : `v${first} to v${last}`
  const found = schema === null ? 'it names no version' : `it is ${schema[1]} v${version}`
  const reason = `${found}, and ${kind} ${wanted} can be read`
  throw problem('model/unreadable-state', { file, reason })
}

function metadataOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'metadata' in value ? value.metadata : null
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
