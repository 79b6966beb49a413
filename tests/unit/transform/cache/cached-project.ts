/** A project folder that is parsed with and without its cache. */
import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MillraceError } from '../../../../core/errors.ts'
import { keptArtifacts } from '../../../../transform/cache/kept-artifacts.ts'
import { type KeptGraph, openGraph } from '../../../../transform/cache/open-graph.ts'
import type { CompileInputs, Graph } from '../../../../transform/index.ts'
import { compileProject, loadProject } from '../../../../transform/index.ts'

export type Given = {
  readonly vars?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
  readonly target?: string
}

export type Opened = {
  readonly graph: Graph
  readonly kept: KeptGraph | undefined
  /** Whether the project was parsed for it, and not taken from the cache. */
  readonly wasParsed: boolean
  /** How many nodes were made anew. */
  readonly made: number
  /** What templates logged: those that were rendered. */
  readonly logged: readonly string[]
}

function inputsOf(given: Given): CompileInputs {
  return {
    target: {
      name: given.target ?? 'dev',
      database: 'lake',
      schema: 'main',
      type: 'duckdb',
      threads: 1,
    },
    vars: given.vars ?? {},
    environment: given.environment ?? {},
    md5: (text) => hash('md5', text),
    sha256: (text) => hash('sha256', text),
    startedAt: '2024-11-25T12:00:00.000Z',
    invocationId: 'test',
    fullRefresh: false,
  }
}

export async function openCached(
  directory: string,
  given: Given = {},
  release = 'test',
): Promise<Opened> {
  const inputs = inputsOf(given)
  let made = 0
  const sha256 = (text: string) => {
    made++ // each node has one
    return inputs.sha256(text)
  }
  const logged: string[] = []
  const log = (text: string) => logged.push(text)
  const request = { directory, inputs: { ...inputs, sha256, log }, release, withMacros: true }
  const { graph, kept } = await openGraph(request)
  return { graph, kept, wasParsed: made > 0, made, logged: logged.sort() }
}

export async function openFresh(directory: string, given: Given = {}): Promise<Graph> {
  const { graph } = await compileProject(await loadProject(directory), inputsOf(given))
  return graph
}

/** All of a graph as data that compares. */
export function dataOf(graph: Graph) {
  const plain = ({ code, message, hint, at }: MillraceError) => ({ code, message, hint, at })
  const { problems, warnings, latent, ...rest } = graph
  return {
    ...rest,
    noted: [...problems, ...warnings].map(plain),
    latent: latent.map((one) => ({ ...one, problem: plain(one.problem) })),
  }
}

/** The artifacts of a parse at some time, read as JSON. */
export function artifactsOf(graph: Graph, kept: KeptGraph | undefined, startedAt: string) {
  const invocation = { id: startedAt, startedAt, generatedAt: startedAt, environment: {} }
  const { files } = keptArtifacts(graph, kept, invocation)
  return Object.fromEntries(
    Object.entries(files).map(([name, pieces]) => [
      name,
      JSON.parse(Buffer.concat(pieces).toString()),
    ]),
  )
}

/** The text of artifacts, keys in their order, without times and what tells one call from another. */
export function timeless(artifacts: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(artifacts, undefined, 1)
  return text.replaceAll(
    /"(created_at|generated_at|invocation_id|_invocation_id|invocation_started_at|run_started_at)": [^,\n]+/g,
    '"$1": 0',
  )
}

/** Until what was written counts as older than what is read next. */
export async function settle(): Promise<void> {
  await sleep(30)
}
