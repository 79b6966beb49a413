/** The selection of a command line, with the earlier state that it compares with. */
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import type { Graph, IndirectSelection, ResourceTypes, Selection } from '../../transform/index.ts'
import { type ArtifactArguments, artifactFolders } from './artifact-options.ts'
import { loadState } from './load-state.ts'

export type SelectionArguments = ResourceTypes &
  ArtifactArguments & {
    readonly select: readonly string[]
    readonly exclude: readonly string[]
    readonly selector?: string | undefined
    readonly indirectSelection?: IndirectSelection | undefined
    readonly state?: string | undefined
  }

/** @throws `model/unreadable-state` */
export async function openSelection(
  graph: Graph,
  config: Pick<Config, 'projectDir'>,
  args: SelectionArguments,
): Promise<Selection & ResourceTypes> {
  const { select, exclude, selector, indirectSelection, resourceType, excludeResourceType } = args
  const asked = { select, exclude, selector, indirectSelection, resourceType, excludeResourceType }
  if (args.state === undefined) return asked
  const { manifestNode } = await import('../../transform/index.ts')
  const { target } = artifactFolders(config, graph, args)
  const state = {
    previous: await loadState(args.state, config.projectDir, target),
    manifestOf: (node: Parameters<typeof manifestNode>[0]) => manifestNode(node, graph),
    now: systemClock.now(),
  }
  return { ...asked, state }
}
