/** A project folder that is parsed with and without its cache. */
import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError } from '../../../../core/errors.ts'
import { keptArtifacts } from '../../../../transform/cache/kept-artifacts.ts'
import { type KeptGraph, openGraph } from '../../../../transform/cache/open-graph.ts'
import type { Renderer } from '../../../../transform/compile/render.ts'
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
  readonly renderer: Renderer
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
  const request = { directory, inputs: { ...inputs, sha256, log }, release }
  const opened = await openGraph({ ...request, withMacros: true, withRenderer: true })
  const { graph, kept } = opened
  const renderer = opened.renderer()
  return { graph, kept, renderer, wasParsed: made > 0, made, logged: logged.sort() }
}

/** The project, parsed without a cache. */
export async function parseFresh(directory: string, given: Given = {}) {
  return await compileProject(await loadProject(directory), inputsOf(given))
}

export async function openFresh(directory: string, given: Given = {}): Promise<Graph> {
  return (await parseFresh(directory, given)).graph
}

/** What the project renders to, parsed for it. */
export async function renderFresh(directory: string, given: Given = {}) {
  return await renderedOf(await parseFresh(directory, given))
}

/** What each node renders to, or why it does not. */
export async function renderedOf({ graph, renderer }: Pick<Opened, 'graph' | 'renderer'>) {
  const outcome = async (work: () => unknown) => {
    try {
      return await work()
    } catch (error) {
      return error instanceof MillraceError ? [error.code, error.message, error.at] : String(error)
    }
  }
  const ids = [...graph.nodes.keys(), ...graph.sources.keys()]
  return {
    nodes: await Promise.all(
      ids.map(async (id) => [
        id,
        await outcome(() => renderer.compile(id)),
        await outcome(() => renderer.standardTest(id)),
        await outcome(() => renderer.replacing(id)),
        await outcome(() => renderer.renderText(id, '{{ this }} {{ model }} {{ config }}', full)),
        await outcome(() => renderer.renderText(id, '{{ builtins.ref.config.vars.vars }}', full)),
      ]),
    ),
    tests: await Promise.all(
      [...graph.unitTests.keys()].map((id) => outcome(() => renderer.unitTest(id))),
    ),
    flags: ['STORE_FAILURES', 'FULL_REFRESH', 'USE_COLORS'].map((name) => renderer.flag(name)),
  }
}

const full = { isIncremental: false }

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
