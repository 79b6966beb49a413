/**
 * Data tests with the config `test_new_rows`: of an incremental model they see the rows that are about to be taken in,
 * and nothing else; when one fails, nothing is taken in.
 */
import { problem } from '../../core/problems.ts'
import type { ModelNode, Relation, TestNode } from '../compile/graph.ts'
import type { NodeContext } from './node-context.ts'
import { testNode } from './test-node.ts'

export function testsNewRows(test: TestNode): boolean {
  return test.config['test_new_rows'] === true
}

/** The tests of this run that want to see a model's new rows before the model does. */
export function newRowTests({ id }: ModelNode, { plan }: Pick<NodeContext, 'plan'>): TestNode[] {
  return plan.stages.flatMap(({ node }) =>
    node.kind === 'test' && testsNewRows(node) && subjectOf(node) === id ? [node] : [],
  )
}

/** What a test is of: what its schema file says, or for a test in a file of its own the one thing it reads. */
function subjectOf({ generic, dependencies }: TestNode): string | undefined {
  return generic?.subject ?? (dependencies.length === 1 ? dependencies[0] : undefined)
}

/** Where an incremental model's new rows stand until they are taken in: what `batchName` prints. */
function newRowsRelation({ name }: ModelNode): Relation {
  return { catalog: 'temp', schema: 'main', name: `${name}__new_rows` }
}

/** What they found in an earlier try, or in rows that are not all of the new ones. */
export function forgetNewRowTests(model: ModelNode, context: NodeContext): void {
  for (const { id } of newRowTests(model, context)) context.state.tested.delete(id)
}

/**
 * Runs them over the staged rows; what they found is what their own nodes will say: of several batches, the last that
 * was worth a warning.
 * @throws `model/new-rows-failed`
 */
export async function testNewRows(model: ModelNode, context: NodeContext): Promise<void> {
  const { session, state } = context
  const renderer = context.renderer.instead(model.id, newRowsRelation(model))
  for (const test of newRowTests(model, context)) {
    const found = await testNode(test, { session, state, renderer })
    if (found.status !== 'pass' || !state.tested.has(test.id)) state.tested.set(test.id, found)
    if (found.status !== 'fail') continue
    const [row] = found.failingRows
    const reason = `${found.message}${row === undefined ? '' : `, ${row} for one`}`
    const parameters = { node: model.name, test: test.name, reason }
    throw problem('model/new-rows-failed', parameters, { at: { file: test.file } })
  }
}
