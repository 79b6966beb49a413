/** Writes one model or seed inside the run's transaction. */
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import { type ModelNode, type SeedNode, textConfig } from '../compile/graph.ts'
import { strategyOf } from '../materialize/incremental.ts'
import { materializeView } from '../materialize/view.ts'
import { buildExternal } from './build-external.ts'
import { buildIncremental } from './build-incremental.ts'
import { buildMicrobatch } from './build-microbatch.ts'
import { buildSeed } from './build-seed.ts'
import { buildTable, keepComments } from './build-table.ts'
import { type Built, runStatements } from './built.ts'
import { requireContract } from './check-contract.ts'
import type { NodeContext } from './node-context.ts'

/** @throws DuckDB's error, or a problem of the model */
export async function buildNode(node: ModelNode | SeedNode, context: NodeContext): Promise<Built> {
  const { session, state } = context
  const { schema, catalog } = node.relation
  if (!state.hasSchema(node.relation)) {
    await session.execute(
      `create schema if not exists ${quoteIdent(catalog)}.${quoteIdent(schema)}`,
    )
    state.madeSchema(node.relation)
  }
  if (node.kind === 'seed') return await buildSeed(node, context)
  const header = textConfig(node.config, 'sql_header')
  if (header !== undefined && header.trim() !== '') await session.execute(header)
  switch (node.materialized) {
    case 'view':
      return await buildView(node, context)
    case 'table':
      return await buildTable(node, context, await fullSql(node, context))
    case 'incremental':
      return strategyOf(node) === 'microbatch'
        ? await buildMicrobatch(node, context)
        : await buildIncremental(node, context)
    case 'external':
      return await buildExternal(node, context, await fullSql(node, context))
    default: {
      const parameters = { node: node.name, materialized: node.materialized, nearest: undefined }
      throw problem('model/unknown-materialization', parameters, { at: { file: node.file } })
    }
  }
}

/** The query of a full build; its template sees what this run has written before. */
function fullSql({ id }: ModelNode, { session, renderer }: NodeContext): Promise<string> {
  return renderer.render(id, { isIncremental: false, database: session.database })
}

async function buildView(node: ModelNode, context: NodeContext): Promise<Built> {
  const { session, state } = context
  const sql = await fullSql(node, context)
  await requireContract(node, session, sql)
  await runStatements(session, materializeView(node.relation, sql, state.existing(node.relation)))
  state.wrote(node, 'view', 'replaced')
  const warnings = await keepComments(node, context, 'view')
  return { rows: undefined, message: undefined, warnings }
}
