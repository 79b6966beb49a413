/**
 * Where a model's files go. dbt-duckdb leaves a relative place to DuckDB, which takes it from the folder that the command
 * was started in; here it is taken from the project's folder, so that the files of a project are always in the same
 * place, and the view that reads them says all of the path, so that it can be read from anywhere.
 */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ModelNode, textConfig } from '../compile/graph.ts'
import { type ExternalFiles, externalFiles } from '../materialize/external.ts'
import type { Session } from './adapter.ts'
import type { NodeRenderer } from './node-renderer.ts'

export type PlaceContext = {
  readonly session: Session
  readonly renderer: NodeRenderer
  /** The project's folder. */
  readonly root: string
  /** Where the lake that the model belongs to keeps its files, with a slash at the end; undefined without a lake. */
  readonly dataPath: () => Promise<string | undefined>
}

/** @returns with a location that is a URL or an absolute path @throws `model/invalid-config`, a fault of a template */
export async function placeFiles(node: ModelNode, context: PlaceContext): Promise<ExternalFiles> {
  const said = textConfig(node.config, 'location')
  if (said === undefined) return externalFiles(node, absolute(await rootOf(node, context), context))
  // A location may be a template.
  const text = said.includes('{') ? await renderText(node, context, said) : said
  const location = absolute(text, context)
  return externalFiles({ ...node, config: { ...node.config, location } }, '.')
}

/** Tells a URL from files of this machine. */
export function isRemote(location: string): boolean {
  return /^[a-z][a-z0-9]+:\/\//i.test(location)
}

function absolute(place: string, { root }: PlaceContext): string {
  if (isRemote(place)) return place
  return place.startsWith('~/') ? join(homedir(), place.slice(2)) : resolve(root, place)
}

/** Beside a lake's own files, because what lies among them unknown to its catalog is swept away. */
async function rootOf(node: ModelNode, context: PlaceContext): Promise<string> {
  const root = await renderText(node, context, '{{ adapter.external_root() }}')
  if (root !== '.') return root
  const dataPath = await context.dataPath()
  if (dataPath === undefined) return root
  return `${dataPath.replace(/\/+$/, '').replace(/[^/]+$/, '')}external`
}

async function renderText(
  node: ModelNode,
  { renderer, session }: PlaceContext,
  text: string,
): Promise<string> {
  const state = { isIncremental: false, database: session.database }
  return (await renderer.renderText(node.id, text, state)).trim()
}
