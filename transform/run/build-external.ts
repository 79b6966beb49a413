/** Writes a model to files, and a view that reads them. */
import type { ModelNode } from '../compile/graph.ts'
import { type ExternalFiles, viewOfFiles, writeFiles } from '../materialize/external.ts'
import { dropOther } from '../materialize/statement.ts'
import { keepComments } from './build-table.ts'
import { type Built, runStatements } from './built.ts'
import { requireContract } from './check-contract.ts'
import { engineOf } from './engine-of.ts'
import { isRemote, placeFiles } from './file-places.ts'
import type { NodeContext } from './node-context.ts'
import { describe } from './run-state.ts'

/** @throws DuckDB's error, `model/invalid-config`, `model/contract-failed` */
export async function buildExternal(
  node: ModelNode,
  context: NodeContext,
  sql: string,
): Promise<Built> {
  const { session, state } = context
  await requireContract(node, session, sql)
  const { root } = context.files
  const dataPath = async () => (await engineOf(session, state, node.relation)).dataPath
  const files = await placeFiles(node, { ...context, root, dataPath })
  const written = canSwap(node, files)
    ? await writeBeside(node, context, files, sql)
    : await write(context, files, sql, files.location)
  await runStatements(session, dropOther(node.relation, state.existing(node.relation), 'view'))
  await session.execute(viewOfFiles(node, files, written.place, written.filler))
  state.wrote(node, 'view', 'replaced')
  const warnings = await keepComments(node, context, 'view')
  return { rows: written.rows, message: undefined, warnings }
}

type Written = {
  readonly rows: number
  /** Where the files are now. */
  readonly place: string
  /** Columns of the one row of NULLs that stands for no rows. */
  readonly filler: readonly string[]
}

/** The old files stay until the run is about to be committed. */
async function writeBeside(
  node: ModelNode,
  context: NodeContext,
  files: ExternalFiles,
  sql: string,
): Promise<Written> {
  const { location } = files
  const staged = await context.files.stage(node.name, location)
  try {
    const written = await write(context, files, sql, staged)
    const view = viewOfFiles(node, files, location, written.filler)
    context.files.add({ node: node.id, location, staged, view })
    return written
  } catch (error) {
    await context.files.discard(staged)
    throw error
  }
}

async function write(
  { session }: NodeContext,
  files: ExternalFiles,
  sql: string,
  place: string,
): Promise<Written> {
  const query = `(\n${sql}\n)`
  const rows = await session.execute(writeFiles(files, query, place))
  if (rows > 0 || !needsRow(files)) return { rows, place, filler: [] }
  const filler = (await describe(session, query)).map(({ name }) => name)
  const nulls = filler.map(() => 'null').join(', ')
  const oneRow = `(from ${query} as model_subq where false union all select ${nulls})`
  await session.execute(writeFiles(files, oneRow, place))
  return { rows, place, filler }
}

/** Of no rows nothing is written by partition, and a text format has no names of columns. */
function needsRow({ isFolder, format }: ExternalFiles): boolean {
  return isFolder || format !== 'parquet'
}

/** Only files of this machine can be renamed; a folder that is added to stays where it is. */
function canSwap({ config }: ModelNode, { location }: ExternalFiles): boolean {
  if (isRemote(location)) return false
  const options = config['options']
  const names = typeof options === 'object' && options !== null ? Object.keys(options) : []
  return !names.some((name) => /^(append|overwrite_or_ignore)$/i.test(name))
}
