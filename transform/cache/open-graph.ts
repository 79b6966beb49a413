/**
 * The graph of a project, from the cache when nothing that it was made from has changed. A cache is a help and no
 * more: whatever is wrong with it, the project is parsed.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { compileProject } from '../compile/compile-project.ts'
import type { Graph, GraphNode, ModelNode } from '../compile/graph.ts'
import type { CompileInputs } from '../compile/inputs.ts'
import type { Renderer } from '../compile/render.ts'
import { restoreRenderer, type StoredRenderer } from '../compile/stored-renderer.ts'
import { loadProject } from '../project/load-project.ts'
import type { Project } from '../project/project.ts'
import type { StoredAsks } from './ask-store.ts'
import {
  type CacheFile,
  type Place,
  readCacheFile,
  writeCacheFile,
  writerOf,
} from './cache-file.ts'
import { definesMacros, modelsOf, withTexts } from './edited-models.ts'
import {
  type Comparison,
  compareFiles,
  type Fingerprint,
  placesOf,
  takeFingerprint,
} from './fingerprint.ts'
import { isSameEnvironment, keyOf, type Reads, recordInputs } from './recorded-inputs.ts'
import {
  fromStored,
  type StoredGraph,
  type StoredMacros,
  toStored,
  withMacros as withMacrosOf,
} from './stored-graph.ts'

export type GraphRequest = {
  /** Folder of the project. */
  readonly directory: string
  readonly inputs: CompileInputs
  /** Of Millrace: another one's cache is not read. */
  readonly release: string
  /** Whether the caller will ask for `graph.macros`, which take their time to make. */
  readonly withMacros: boolean
  /** Whether the caller will ask for the renderer. */
  readonly withRenderer?: boolean
}

/** What the stored graph was made from. */
type Origin = {
  /** Another one for each parse that is stored. */
  readonly stamp: string
  readonly key: string
  readonly reads: Reads
  readonly files: Fingerprint
  readonly plainPackages: ReadonlySet<string>
}

export type OpenedGraph = {
  readonly graph: Graph
  /** Undefined when nothing is kept of it. */
  readonly kept: KeptGraph | undefined
  /** Made when it is asked for, which takes the request to say so. */
  readonly renderer: () => Renderer
}

/** The parse that a graph is of, as far as it is stored. */
export type KeptGraph = {
  /** File of what else is kept of that parse. */
  readonly place: Place
  readonly stamp: string
  /** Nodes of that parse whose code is another in the graph, by id. */
  readonly replaced: ReadonlyMap<string, GraphNode>
}

/**
 * What `compileProject` makes of the project as it is.
 * @throws as `loadProject`
 */
export async function openGraph(request: GraphRequest): Promise<OpenedGraph> {
  const root = resolve(request.directory)
  const place = { path: cachePlace(root), writer: writerOf(request.release) }
  const file = readCacheFile(place.path, place.writer)
  const stored = file && findStored(request.inputs, root, file)
  return (
    (stored && openStored(request, place, stored)) ??
    (await parseAndStore(request, place, file, stored))
  )
}

/** A stored graph of the same project, target and variables, of which no file came or went. */
type Stored = Comparison & {
  readonly file: CacheFile
  readonly origin: Origin
  readonly graph: StoredGraph
  /** The edited files that are a model's, by path; undefined when others are edited too. */
  readonly models: ReadonlyMap<string, ModelNode> | undefined
  readonly since: bigint
}

function findStored(inputs: CompileInputs, root: string, file: CacheFile): Stored | undefined {
  // The checksum vouches for the shape: we wrote it, this release.
  const origin = file.part('origin') as Origin | undefined
  if (origin === undefined || origin.key !== keyOf(root, inputs, origin.reads.flags)) {
    return undefined
  }
  if (!isSameEnvironment(inputs.environment, origin.reads.environment)) return undefined
  const since = nowNs()
  const files = compareFiles(origin.files)
  const graph = files && (file.part('graph') as StoredGraph | undefined)
  if (files === undefined || graph === undefined) return undefined
  return { ...files, file, origin, graph, since, models: modelsOf(graph, files.edited) }
}

function openStored(
  { inputs, withMacros, withRenderer }: GraphRequest,
  place: Place,
  { file, origin, graph, models, edited, isTouched, since }: Stored,
): OpenedGraph | undefined {
  const macros = storedMacros(file)
  if (models === undefined || (withMacros && macros === undefined)) return undefined
  // The checksum vouches for the shape.
  const parts = withRenderer ? (file.part('renderer') as StoredRenderer | undefined) : undefined
  if (withRenderer && parts === undefined) return undefined
  const { plainPackages } = origin
  const fresh = withTexts({ graph, plainPackages, sha256: inputs.sha256 }, models)
  if (fresh === undefined) return undefined
  if (isTouched && edited.length === 0) {
    const renewed = takeFingerprint(origin.files.places, since, origin.files)
    const rest = ['graph', 'macros', 'renderer', 'asks'].map((name) => [name, file.written(name)])
    const written = { origin: { ...origin, files: renewed }, ...Object.fromEntries(rest) }
    if (renewed !== undefined) writeCacheFile(place, written)
  }
  const nodes = new Map(graph.nodes)
  const replaced = new Map<string, GraphNode>()
  const texts = new Map<string, string>()
  for (const [id, { node, text }] of fresh) {
    replaced.set(id, nodes.get(id) ?? node)
    nodes.set(id, node)
    texts.set(id, text)
  }
  const kept = { place: besides(place), stamp: origin.stamp, replaced }
  const restored = fromStored({ ...graph, nodes }, macros ?? notAsked)
  const renderer = () =>
    parts === undefined ? notAsked() : restoreRenderer(parts, restored, inputs, texts)
  return { graph: restored, kept, renderer }
}

/** The macros of the stored graph, made when they are read; undefined when they are not stored. */
function storedMacros(file: CacheFile): (() => StoredMacros) | undefined {
  const written = file.written('macros')
  // The checksum vouches for the shape.
  return written && (() => written.read() as StoredMacros)
}

function notAsked(): never {
  throw new Error('this part of a stored graph was not asked for')
}

async function parseAndStore(
  { directory, inputs, withMacros, withRenderer }: GraphRequest,
  place: Place,
  file: CacheFile | undefined,
  stored: Stored | undefined,
): Promise<OpenedGraph> {
  const since = nowNs()
  const project = await loadProject(directory)
  const recorded = recordInputs(inputs, file?.part('asks') as StoredAsks | undefined)
  const whole = await compileProject(project, recorded.inputs)
  const { graph: compiled } = whole
  const macros = file && stored && keepsMacros(stored, compiled) ? storedMacros(file) : undefined
  const graph = macros === undefined ? compiled : withMacrosOf(compiled, macros)
  const reads = recorded.reads()
  const renderer = () => whole.renderer
  const unkept = { graph, kept: undefined, renderer }
  if (graph.problems.length > 0 || reads.isVolatile) return unkept
  const before = stored?.origin ?? (file?.part('origin') as Origin | undefined)
  const files = fingerprintOf(project, since, before?.files)
  if (files === undefined) return unkept
  const stamp = randomUUID()
  const { asks } = recorded
  const key = keyOf(project.root, inputs, reads.flags)
  const origin: Origin = { stamp, key, reads, files, plainPackages: asks.plainPackages }
  const own = withMacros ? { macros: graph.macros } : {}
  const kept = macros === undefined ? own : { macros: file?.written('macros') }
  const rendering = withRenderer ? { renderer: whole.stored() } : {}
  const parts = { origin, graph: toStored(graph), ...kept, ...rendering, asks: asks.kept() }
  writeCacheFile(place, parts)
  return { graph, kept: { place: besides(place), stamp, replaced: new Map() }, renderer }
}

/** Whether nothing was edited but models, and those define no macros: then those of the project are what they were. */
function keepsMacros({ models }: Stored, { nodes, disabled }: Graph): boolean {
  if (models === undefined) return false
  const now = [...nodes.values(), ...[...disabled.values()].flat()]
  const files = new Set([...models.values()].map(({ file }) => file))
  const texts = now.flatMap((node) =>
    files.has(node.file) && 'rawCode' in node ? [node.rawCode] : [],
  )
  const before = [...models.values()].map(({ rawCode }) => rawCode)
  return ![...before, ...texts].some(definesMacros)
}

/** Read by who writes artifacts alone. */
function besides({ path, writer }: Place): Place {
  return { path: join(dirname(path), 'partial_artifacts.millrace'), writer }
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
