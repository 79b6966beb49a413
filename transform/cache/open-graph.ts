/**
 * The graph of a project, from the cache when nothing that it was made from has changed. A cache is a help and no
 * more: whatever is wrong with it, the project is parsed.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compileProject } from '../compile/compile-project.ts'
import type { Graph } from '../compile/graph.ts'
import type { CompileInputs } from '../compile/inputs.ts'
import { loadProject } from '../project/load-project.ts'
import type { Project } from '../project/project.ts'
import { readCacheFile, writeCacheFile, writerOf } from './cache-file.ts'
import { compareFiles, type Fingerprint, placesOf, takeFingerprint } from './fingerprint.ts'
import { isSameEnvironment, keyOf, type Reads, recordInputs } from './recorded-inputs.ts'
import { fromStored, type StoredGraph, type StoredMacros, toStored } from './stored-graph.ts'

export type GraphRequest = {
  /** Folder of the project. */
  readonly directory: string
  readonly inputs: CompileInputs
  /** Of Millrace: another one's cache is not read. */
  readonly release: string
  /** Whether the caller will ask for `graph.macros`, which take their time to make. */
  readonly withMacros: boolean
}

/** What the stored graph was made from. */
type Origin = {
  readonly key: string
  readonly reads: Reads
  readonly files: Fingerprint
}

/**
 * The graph that `compileProject` makes of the project as it is, without a renderer.
 * @throws as `loadProject`
 */
export async function openGraph(request: GraphRequest): Promise<Graph> {
  return findStored(request) ?? (await parseAndStore(request))
}

function findStored(request: GraphRequest): Graph | undefined {
  const root = resolve(request.directory)
  const place = cachePlace(root)
  const writer = writerOf(request.release)
  const file = readCacheFile(place, writer)
  // The checksum vouches for the shape: we wrote it, this release.
  const origin = file?.part('origin') as Origin | undefined
  if (file === undefined || origin === undefined) return undefined
  const { inputs } = request
  if (origin.key !== keyOf(root, inputs, origin.reads.flags)) return undefined
  if (!isSameEnvironment(inputs.environment, origin.reads.environment)) return undefined
  const since = nowNs()
  const files = compareFiles(origin.files)
  if (files === 'changed') return undefined
  const stored = file.part('graph') as StoredGraph | undefined
  const macros = request.withMacros ? (file.part('macros') as StoredMacros | undefined) : undefined
  if (stored === undefined || (request.withMacros && macros === undefined)) return undefined
  if (files === 'same') {
    const renewed = takeFingerprint(origin.files.places, since, origin.files)
    const parts = { graph: stored, macros: file.part('macros') }
    if (renewed !== undefined) {
      writeCacheFile(place, writer, { origin: { ...origin, files: renewed }, ...parts })
    }
  }
  return fromStored(stored, macros)
}

async function parseAndStore({
  directory,
  inputs,
  release,
  withMacros,
}: GraphRequest): Promise<Graph> {
  const since = nowNs()
  const project = await loadProject(directory)
  const recorded = recordInputs(inputs)
  const { graph } = await compileProject(project, recorded.inputs)
  const reads = recorded.reads()
  if (graph.problems.length > 0 || reads.isVolatile) return graph
  const files = fingerprintOf(project, since)
  if (files === undefined) return graph
  const origin: Origin = { key: keyOf(project.root, inputs, reads.flags), reads, files }
  const macros = withMacros ? graph.macros : undefined
  const parts = { origin, graph: toStored(graph), macros }
  writeCacheFile(cachePlace(project.root), writerOf(release), parts)
  return graph
}

function fingerprintOf(project: Project, since: bigint): Fingerprint | undefined {
  const places = placesOf(project)
  return places === undefined ? undefined : takeFingerprint(places, since)
}

/** In the target folder, which is looked up by itself: the project file has not been read yet. */
function cachePlace(root: string): string {
  return join(root, targetFolder(root), 'partial_parse.millrace')
}

function targetFolder(root: string): string {
  try {
    const text = readFileSync(join(root, 'dbt_project.yml'), 'utf8')
    const [, written = 'target'] =
      /^target-path:\s*["']?([\w./-]+)["']?\s*(?:#.*)?$/m.exec(text) ?? []
    return written
  } catch {
    return 'target'
  }
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n
}
