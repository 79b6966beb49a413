/** What the nodes of a command line's project do, as `--changed` compares it. */
import { hash } from 'node:crypto'
import { processEnvironment } from '../../core/config/environment.ts'
import type { Target } from '../../transform/index.ts'
import { version } from '../release.ts'
import type { OpenedGraph } from './open-project.ts'

export async function logicOfProject({ graph, vars }: OpenedGraph, target: Target) {
  const { logicReader } = await import('../../transform/index.ts')
  return logicReader({
    graph,
    sha256: (text) => hash('sha256', text),
    vars,
    environment: processEnvironment,
    target,
    release: version(),
  })
}
