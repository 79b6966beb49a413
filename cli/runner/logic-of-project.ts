/** What the nodes of a command line's project do, as `--changed` compares it. */
import { hash } from 'node:crypto'
import { processEnvironment } from '../../core/config/environment.ts'
import type { Target } from '../../transform/index.ts'
import { version } from '../release.ts'
import type { OpenedGraph } from './open-project.ts'

/** @returns what reads them, and what keeps what was read for the next call */
export async function logicOfProject({ graph, vars, kept }: OpenedGraph, target: Target) {
  const { keptLogic, logicReader } = await import('../../transform/index.ts')
  const { facts, save } = keptLogic(kept)
  const logicOf = logicReader({
    graph,
    facts,
    sha256: (text) => hash('sha256', text),
    vars,
    environment: processEnvironment,
    target,
    release: version(),
  })
  return { logicOf, save }
}
