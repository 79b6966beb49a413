/**
 * Finds feature models that may know the future: those that read labels, the length of their window, the clock, or
 * tables that say only how things are now. What a query does with the events it may read only a test can show.
 */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import {
  type DescribedNode,
  type DescribedProject,
  featureColumns,
  labelColumns,
  upstreamOf,
} from './described.ts'
import { type CodeWords, wordsOf } from './words.ts'

/** All leaks of all feature models; empty when there are none. */
export function findLeaks(project: DescribedProject): MillraceError[] {
  const nodes = [...project.values()]
  const labels = nodes.filter(isLabels)
  return nodes.filter(isFeatures).flatMap((model) => {
    const upstream = [...upstreamOf(project, model)]
    const own: Reading = { node: model, way: [], words: wordsOf(model) }
    const others = upstream
      .filter(([node]) => !isFeatures(node) && !isLabels(node))
      .map(([node, way]): Reading => ({ node, way, words: wordsOf(node) }))
    const claims = others.filter(({ node }) => saysWhen(node) && model.reads.includes(node.id))
    return [
      ...readLabels(model, upstream),
      ...[own, ...others].flatMap((reading) => namedLabels(model, reading, labels)),
      ...[own, ...claims].flatMap((reading) => readClocks(model, reading)),
      ...lookAhead(model, own),
      ...readPresent(project, model, own),
    ]
  })
}

/** What is looked at for a feature model: itself, with no way, or something that it reads. */
type Reading = {
  readonly node: DescribedNode
  readonly way: readonly string[]
  readonly words: CodeWords
}

const isFeatures = (node: DescribedNode) => featureColumns(node).length > 0
const isLabels = (node: DescribedNode) => labelColumns(node).length > 0
const saysWhen = ({ meta }: DescribedNode) => meta['point_in_time'] !== undefined

function readLabels(
  model: DescribedNode,
  upstream: readonly (readonly [DescribedNode, readonly string[]])[],
): MillraceError[] {
  return upstream
    .filter(([node]) => isLabels(node))
    .map(([node, way]) => labelProblem(model, `the labels of ${node.name}`, way))
}

/** By name. Of what it reads, columns do not count: what labels are made of may have that name too. */
function namedLabels(
  model: DescribedNode,
  { node, way, words }: Reading,
  labels: readonly DescribedNode[],
): MillraceError[] {
  const columns = labels.flatMap((one) => labelColumns(one))
  const own = new Set(node.columns.map(({ name }) => name.toLowerCase()))
  const isNamed = (name: string) =>
    node === model && (words.has(name) || own.has(name.toLowerCase()))
  const found = [
    ...labelColumns(node).map(({ name }) => `the label ${name}`),
    ...columns.filter(({ name }) => isNamed(name)).map(({ name }) => `the label ${name}`),
    ...labels
      .filter(({ id, relation }) => words.hasTable(relation) && !node.reads.includes(id))
      .map(({ name }) => `the labels of ${name}`),
    ...columns
      .map(({ meta }) => String(meta['label']))
      .filter((variable) => words.variables.has(variable))
      .map((variable) => `var('${variable}'), the length of the label's window`),
  ]
  return [...new Set(found)].map((what) => labelProblem(model, what, way))
}

function labelProblem(model: DescribedNode, what: string, way: readonly string[]): MillraceError {
  const parameters = { model: model.name, what, way }
  return problem('ml/label-in-features', parameters, { at: { file: model.file } })
}

/** What differs with the day on which a model is built was not known at an instant of the past. */
function readClocks(model: DescribedNode, { way, words }: Reading): MillraceError[] {
  return words.clocks.map((what) =>
    problem('ml/clock-in-features', { model: model.name, what, way }, { at: { file: model.file } }),
  )
}

function lookAhead(model: DescribedNode, { words }: Reading): MillraceError[] {
  return words.laterTimes.map((what) =>
    problem('ml/looks-ahead', { model: model.name, what }, { at: { file: model.file } }),
  )
}

/** Other features are of the past; everything else has to say that it is. */
function readPresent(
  project: DescribedProject,
  model: DescribedNode,
  { words }: Reading,
): MillraceError[] {
  return [...project.values()]
    .filter((node) => node !== model && !saysWhen(node) && !isFeatures(node) && !isLabels(node))
    .filter(({ id, relation }) => model.reads.includes(id) || words.hasTable(relation))
    .map(({ name }) => {
      const parameters = { model: model.name, upstream: name }
      return problem('ml/not-point-in-time', parameters, { at: { file: model.file } })
    })
}
