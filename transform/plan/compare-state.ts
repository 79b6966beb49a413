/** `state:`: the project beside an earlier manifest of it, by dbt's rules. */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { Graph, SelectableNode } from '../compile/graph.ts'
import { brokenByRemoval, compareContracts } from './compare-contracts.ts'
import { asObject, field, type JsonObject } from './json.ts'
import type { Matcher } from './methods.ts'
import { macroComparison } from './modified-macros.ts'
import type { StateInputs } from './previous-state.ts'
import {
  hasCode,
  sameBody,
  sameConfig,
  sameContents,
  sameDescriptions,
  sameRelation,
} from './same-contents.ts'

/** A node of today, the same of before, and both as manifests hold them. */
type Pair = {
  readonly node: SelectableNode
  readonly now: JsonObject
  readonly before: JsonObject | undefined
}
type Check = (pair: Pair) => boolean

const sections = [
  ...(['nodes', 'sources', 'exposures', 'metrics', 'semantic_models', 'unit_tests'] as const),
  ...(['saved_queries', 'functions'] as const),
]

/**
 * @param onWarning receives contracts that were broken without a new version
 * @returns for `new`, `modified.body` and the like, what tells whether a node is so
 */
export function stateComparison(
  graph: Graph,
  state: StateInputs | undefined,
  onWarning: (warning: MillraceError) => void,
): (check: string) => Matcher {
  return (name) => {
    const manifest = state?.previous.manifest
    if (state === undefined || manifest === undefined) {
      throw problem('model/no-state', { what: `state:${name}`, file: 'manifest.json' })
    }
    const checks = makeChecks(graph, manifest, onWarning)
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (check === undefined) {
      const reason = `there are ${Object.keys(checks).join(', ')}`
      throw problem('model/bad-selector', { selector: `state:${name}`, reason })
    }
    if (['modified', 'unmodified', 'modified.contract'].includes(name)) {
      reportRemoved(graph, state, manifest, onWarning)
    }
    return (node) =>
      check({ node, now: state.manifestOf(node), before: findNode(manifest, node.id) })
  }
}

function makeChecks(
  graph: Graph,
  manifest: unknown,
  onWarning: (warning: MillraceError) => void,
): Readonly<Record<string, Check>> {
  const macrosModified = macroComparison(graph, manifest)
  const differs =
    (
      applies: (node: SelectableNode) => boolean,
      same: (now: JsonObject, before: JsonObject) => boolean,
    ): Check =>
    ({ node, now, before }) =>
      applies(node) && (before === undefined || !same(now, before))
  const contractModified: Check = ({ node, now, before }) =>
    hasCode(node) &&
    (before === undefined ||
      (node.kind === 'model' && compareContracts(now, before, onWarning) !== 'same'))
  const modified: Check = (pair) => {
    const { node, now, before } = pair
    const contents =
      before === undefined ? isModifiedWhenNew(node) : !sameContents(node, now, before)
    const contract = before !== undefined && node.kind === 'model' && contractModified(pair)
    return contract || contents || macrosModified(node)
  }
  return {
    new: ({ before }) => before === undefined,
    old: ({ before }) => before !== undefined,
    modified,
    unmodified: (pair) => !modified(pair),
    'modified.body': differs(hasCode, sameBody),
    'modified.configs': differs(({ kind }) => kind !== 'unit_test', sameConfig),
    'modified.persisted_descriptions': differs(hasCode, sameDescriptions),
    'modified.relation': differs((node) => hasCode(node) || node.kind === 'source', sameRelation),
    'modified.macros': ({ node }) => macrosModified(node),
    'modified.contract': contractModified,
  }
}

/** A source or exposure that is new is not called modified; only what has code, and unit tests, are. */
function isModifiedWhenNew(node: SelectableNode): boolean {
  return hasCode(node) || node.kind === 'unit_test'
}

function findNode(manifest: unknown, id: string): JsonObject | undefined {
  for (const section of sections) {
    const found = field(manifest, section, id)
    if (found !== undefined) return asObject(found)
  }
  return undefined
}

/** Models with a contract that the project no longer has, or has disabled. @throws `model/contract-broken` */
function reportRemoved(
  graph: Graph,
  state: StateInputs,
  manifest: unknown,
  onWarning: (warning: MillraceError) => void,
): void {
  for (const [id, before] of Object.entries(asObject(field(manifest, 'nodes')))) {
    const [disabled] = graph.disabled.get(id) ?? []
    if (graph.nodes.has(id) && disabled === undefined) continue
    const removed = disabled === undefined ? asObject(before) : state.manifestOf(disabled)
    const broken = brokenByRemoval(removed, disabled !== undefined, state.now)
    if (broken !== undefined) broken(onWarning)
  }
}
