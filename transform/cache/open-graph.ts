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
import type { StoredAsks } from './ask-store.ts'
import { type CacheFile, readCacheFile, writeCacheFile, writerOf } from './cache-file.ts'
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
  const root = resolve(request.directory)
  const place = { path: cachePlace(root), writer: writerOf(request.release) }
  const file = readCacheFile(place.path, place.writer)
  return findStored(request, root, place, file) ?? (await parseAndStore(request, place, file))
}

type Place = { readonly path: string; readonly writer: string }

function findStored(
  { inputs, withMacros }: GraphRequest,
  root: string,
  place: Place,
  file: CacheFile | undefined,
): Graph | undefined {
  // The checksum vouches for the shape: we wrote it, this release.
  const origin = file?.part('origin') as Origin | undefined
  if (file === undefined || origin === undefined) return undefined
  if (origin.key !== keyOf(root, inputs, origin.reads.flags)) return undefined
  if (!isSameEnvironment(inputs.environment, origin.reads.environment)) return undefined
  const since = nowNs()
  const files = compareFiles(origin.files)
  if (files === 'changed') return undefined
  const graph = file.part('graph') as StoredGraph | undefined
  const macros = withMacros ? (file.part('macros') as StoredMacros | undefined) : undefined
  if (graph === undefined || (withMacros && macros === undefined)) return undefined
  if (files === 'same') {
    const renewed = takeFingerprint(origin.files.places, since, origin.files)
    const parts = { graph, macros: file.part('macros'), asks: file.part('asks') }
    if (renewed !== undefined) {
      writeCacheFile(place, { origin: { ...origin, files: renewed }, ...parts })
    }
  }
  return fromStored(graph, macros)
}

async function parseAndStore(
  { directory, inputs, withMacros }: GraphRequest,
  place: Place,
  file: CacheFile | undefined,
): Promise<Graph> {
  const since = nowNs()
  const project = await loadProject(directory)
  const recorded = recordInputs(inputs, file?.part('asks') as StoredAsks | undefined)
  const { graph } = await compileProject(project, recorded.inputs)
  const reads = recorded.reads()
  if (graph.problems.length > 0 || reads.isVolatile) return graph
  const before = file?.part('origin') as Origin | undefined
  const files = fingerprintOf(project, since, before?.files)
  if (files === undefined) return graph
  const origin: Origin = { key: keyOf(project.root, inputs, reads.flags), reads, files }
  const macros = withMacros ? graph.macros : undefined
  const parts = { origin, graph: toStored(graph), macros, asks: recorded.asks.kept() }
  writeCacheFile(place, parts)
  return graph
}

function fingerprintOf(
  project: Project,
  since: bigint,
  known: Fingerprint | undefined,
): Fingerprint | undefined {
  const places = placesOf(project)
  return places === undefined ? undefined : takeFingerprint(places, since, known)
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
