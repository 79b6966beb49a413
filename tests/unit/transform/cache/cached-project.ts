/** A project folder that is parsed with and without its cache. */
import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { openGraph } from '../../../../transform/cache/open-graph.ts'
import type { CompileInputs, Graph } from '../../../../transform/index.ts'
import { compileProject, loadProject } from '../../../../transform/index.ts'

export type Given = {
  readonly vars?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
  readonly target?: string
}

export type Opened = {
  readonly graph: Graph
  /** Whether the project was parsed for it, and not taken from the cache. */
  readonly wasParsed: boolean
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
  let wasParsed = false
  const sha256 = (text: string) => {
    wasParsed = true // each node has one
    return inputs.sha256(text)
  }
  const logged: string[] = []
  const log = (text: string) => logged.push(text)
  const request = { directory, inputs: { ...inputs, sha256, log }, release, withMacros: true }
  return { graph: await openGraph(request), wasParsed, logged: logged.sort() }
}

export async function openFresh(directory: string, given: Given = {}): Promise<Graph> {
  const { graph } = await compileProject(await loadProject(directory), inputsOf(given))
  return graph
}

/** All of a graph as data that compares. */
export function dataOf(graph: Graph) {
  const noted = [...graph.problems, ...graph.warnings]
  const { problems: _, warnings: __, ...rest } = graph
  return {
    ...rest,
    noted: noted.map(({ code, message, hint, at }) => ({ code, message, hint, at })),
  }
}

/** Until what was written counts as older than what is read next. */
export async function settle(): Promise<void> {
  await sleep(30)
}
