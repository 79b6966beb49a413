/**
 * The artifacts that tell what a project is, as texts. They are kept from one parse to the next: what of them changes
 * from call to call stands at their beginning, and each edited model in one place.
 */
import { graphSummaryOf } from '../artifacts/graph-summary.ts'
import { toArtifactText } from '../artifacts/json.ts'
import { createdAt, manifestMetadata, manifestNode, manifestOf } from '../artifacts/manifest.ts'
import type { Invocation } from '../artifacts/metadata.ts'
import { semanticManifestOf } from '../artifacts/semantic-manifest.ts'
import type { Graph } from '../compile/graph.ts'
import { readCacheFile, writeCacheFile } from './cache-file.ts'
import type { KeptGraph } from './open-graph.ts'

type Bodies = {
  /** Of the parse. */
  readonly stamp: string
  readonly createdAt: number
  /** How many macros the manifest holds. */
  readonly macros: number
  /** manifest.json after its metadata. */
  readonly manifest: Buffer
  /** graph_summary.json after the id of the invocation. */
  readonly summary: Buffer
  readonly semantic: Buffer
}

export type ArtifactTexts = {
  /** Pieces in UTF-8, by the name of the file. */
  readonly files: Readonly<Record<string, readonly Uint8Array[]>>
  /** How many macros the project has, dbt's own among them. */
  readonly macros: number
}

/**
 * manifest.json, graph_summary.json and semantic_manifest.json of a graph. Nodes of an earlier parse keep the time at
 * which they were made.
 * @param kept what the graph was taken from, or is now stored as
 */
export function keptArtifacts(
  graph: Graph,
  kept: KeptGraph | undefined,
  invocation: Invocation,
): ArtifactTexts {
  const bodies =
    (kept && keptBodies(graph, kept, invocation)) ?? makeBodies(graph, kept, invocation)
  const [manifest, summary] = headsOf(graph, invocation)
  const files = {
    'manifest.json': [manifest, bodies.manifest],
    'semantic_manifest.json': [bodies.semantic],
    'graph_summary.json': [summary, bodies.summary],
  }
  return { files, macros: bodies.macros }
}

function headsOf(graph: Graph, invocation: Invocation): readonly [Buffer, Buffer] {
  const metadata = toArtifactText(manifestMetadata(graph, invocation))
  const id = JSON.stringify(invocation.id)
  return [Buffer.from(`{"metadata":${metadata}`), Buffer.from(`{"_invocation_id":${id}`)]
}

function makeBodies(graph: Graph, kept: KeptGraph | undefined, invocation: Invocation): Bodies {
  const [manifest, summary] = headsOf(graph, invocation)
  const bodies: Bodies = {
    stamp: kept?.stamp ?? '',
    createdAt: createdAt(invocation),
    macros: graph.macros.size,
    manifest: bytesOf(manifestOf(graph, { invocation })).subarray(manifest.length),
    summary: bytesOf(graphSummaryOf(graph, invocation.id)).subarray(summary.length),
    semantic: bytesOf(semanticManifestOf(graph)),
  }
  // With edited models in it, it would not be that of the parse.
  if (kept !== undefined && kept.replaced.size === 0) writeCacheFile(kept.place, { bodies })
  return bodies
}

function bytesOf(artifact: Parameters<typeof toArtifactText>[0]): Buffer {
  return Buffer.from(toArtifactText(artifact))
}

function keptBodies(
  graph: Graph,
  { place, stamp, replaced }: KeptGraph,
  invocation: Invocation,
): Bodies | undefined {
  // The checksum vouches for the shape: we wrote it, this release.
  const bodies = readCacheFile(place.path, place.writer)?.part('bodies') as Bodies | undefined
  if (bodies?.stamp !== stamp) return undefined
  let { manifest } = bodies
  for (const [id, before] of replaced) {
    const after = graph.nodes.get(id)
    if (after === undefined) return undefined
    const old = bytesOf({ [id]: manifestNode(before, graph, bodies) }).subarray(1, -1)
    const at = manifest.indexOf(old)
    if (at < 0) return undefined
    const fresh = manifestNode(after, graph, { createdAt: createdAt(invocation) })
    manifest = Buffer.concat([
      manifest.subarray(0, at),
      bytesOf({ [id]: fresh }).subarray(1, -1),
      manifest.subarray(at + old.length),
    ])
  }
  return { ...bodies, manifest }
}
