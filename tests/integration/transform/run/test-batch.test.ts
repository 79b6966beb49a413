import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Duckdb, openDuckdb } from '../../../../core/clients/duckdb.ts'
import type { TestNode } from '../../../../transform/compile/graph.ts'
import { type Adapter, type Compiled, duckdbAdapter } from '../../../../transform/index.ts'
import { RunState } from '../../../../transform/run/run-state.ts'
import { batchKey, executeBatch, groupTests } from '../../../../transform/run/test-batch.ts'
import { testNode } from '../../../../transform/run/test-node.ts'
import type { Tested } from '../../../../transform/run/tested.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import { compileFolder, makeFolder, writeProject } from '../../../support/project.ts'

const schema = `
sources:
  - name: raw
    tables:
      - name: parents
      - name: rows
        columns:
          - name: id
            data_tests:
              - not_null
              - not_null: {name: few, config: {error_if: '> 1', warn_if: '>= 1'}}
              - not_null: {name: wanted, config: {error_if: '= 0'}}
              - not_null: {name: warned, config: {severity: warn}}
              - not_null: {name: capped, config: {limit: 1}}
              - not_null: {name: kept, config: {store_failures: true}}
              - not_null: {name: big, config: {where: "id > 2"}}
              - unique
              - unique: {name: summed, config: {fail_calc: 'coalesce(sum(n_records), 0)'}}
              - unique: {name: big_unique, config: {where: "id > 2"}}
              - accepted_values: {values: [0, 1, 2, 3], quote: false}
              - accepted_values: {name: texts, values: [0, 1, 2, 3]}
              - accepted_values: {name: big_values, values: [4, 5], quote: false, config: {where: "id > 2"}}
              - relationships: {to: "source('raw', 'parents')", field: id}
              - relationships: {name: big_parents, to: "source('raw', 'parents')", field: id, config: {where: "id > 2"}}
          - name: label
            data_tests: [not_null, unique, {accepted_values: {values: [a, b, "it''s"]}}]
          - name: price
            data_tests: [not_null, unique, {relationships: {to: "source('raw', 'parents')", field: id}}]
          - name: tags
            data_tests: [not_null, unique]
`

type Values = {
  readonly id: number | null
  readonly label: string | null
  readonly price: string | null
  readonly tags: readonly number[] | null
}

const values: fc.Arbitrary<Values> = fc.record({
  id: fc.option(fc.integer({ min: 0, max: 6 }), { freq: 8 }),
  label: fc.option(fc.constantFrom('a', 'b', "it's", 'c', ''), { freq: 8 }),
  price: fc.option(fc.constantFrom('0', '-0', '1', '1.5', 'nan', 'inf'), { freq: 8 }),
  tags: fc.option(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }), { freq: 8 }),
})

const literal = (value: string | number | null) =>
  value === null ? 'null' : `'${String(value).replaceAll("'", "''")}'`

function rowSql({ id, label, price, tags }: Values): string {
  const list = tags === null ? 'null' : `[${tags.join(', ')}]`
  return `(${literal(id)}::int, ${literal(label)}, ${literal(price)}::double, ${list}::int[])`
}

let duckdb: Duckdb
let adapter: Adapter
let compiled: Compiled
let tests: TestNode[]

beforeAll(async () => {
  duckdb = await openDuckdb({ extensionDirectory, threads: 1 })
  adapter = duckdbAdapter(duckdb, 'memory')
  await using folder = await makeFolder()
  await writeProject(folder.path, { 'models/schema.yml': schema })
  compiled = await compileFolder(folder.path, { database: 'memory' })
  if (compiled.graph.problems.length > 0) throw new AggregateError(compiled.graph.problems)
  tests = [...compiled.graph.nodes.values()].filter((node) => node.kind === 'test')
  await duckdb.withConnection(async (connection) => {
    await connection.run(`create schema raw; create table raw.parents (id int);
      create table raw.rows (id int, label varchar, price double, tags int[])`)
  })
})
afterAll(() => duckdb.close())

async function fill(rows: readonly Values[], parents: readonly (number | null)[]): Promise<void> {
  await duckdb.withConnection(async (connection) => {
    await connection.run('delete from raw.rows; delete from raw.parents')
    if (rows.length > 0) await connection.run(`insert into raw.rows values ${rows.map(rowSql)}`)
    if (parents.length > 0) {
      await connection.run(`insert into raw.parents values ${parents.map((id) => `(${id})`)}`)
    }
  })
}

/** How every test went, with batches and without. */
async function runBoth() {
  const { graph, renderer } = compiled
  return await adapter.transaction(
    async (session) => {
      const state = await RunState.load(session, adapter, graph)
      const context = { session, state, renderer }
      const alone = new Map<string, Tested>()
      for (const test of tests) alone.set(test.name, await testNode(test, context))
      const together = new Map<string, Tested>()
      let saved = 0
      const { batches, others } = groupTests(tests, (test) => batchKey(test, renderer))
      for (const batch of batches) {
        const passed = await executeBatch(batch, context)
        saved += passed.size
        for (const test of batch) {
          together.set(test.name, passed.get(test.id) ?? (await testNode(test, context)))
        }
      }
      for (const test of others) together.set(test.name, await testNode(test, context))
      return { alone, together, saved }
    },
    { message: 'test' },
  )
}

const sorted = (map: ReadonlyMap<string, Tested>) =>
  Object.fromEntries(
    [...map].map(([name, { status, failures, message, failingRows }]) => [
      name,
      // Rows of a query without an order come in any.
      { status, failures, message, rows: failures > 1 ? failingRows.length : failingRows },
    ]),
  )

describe('tests in batches', () => {
  it('give what they give by themselves, over any rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(values, { maxLength: 6 }),
        fc.uniqueArray(fc.option(fc.integer({ min: 0, max: 6 })), { maxLength: 8 }),
        async (rows, parents) => {
          await fill(rows, parents)
          const { alone, together } = await runBoth()
          expect(sorted(together)).toEqual(sorted(alone))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('are those of the same rows, and every one that passes is answered by its batch', async () => {
    await fill([{ id: 4, label: 'a', price: '4', tags: [] }], [4])
    const { renderer } = compiled
    const { batches, others } = groupTests(tests, (test) => batchKey(test, renderer))
    expect(batches.map((batch) => batch.map(({ name }) => name))).toEqual([
      ['big', 'big_parents', 'big_unique', 'big_values'],
      expect.arrayContaining(['few', 'warned', 'texts', 'source_not_null_raw_rows_label']),
    ])
    expect(others.map(({ name }) => name).sort()).toEqual(['capped', 'kept', 'summed', 'wanted'])
    const { alone, saved } = await runBoth()
    const passing = [...alone].filter(([name, { status }]) => {
      return status === 'pass' && !['capped', 'kept', 'summed', 'wanted'].includes(name)
    })
    expect(saved).toBe(passing.length)
  })

  it('are answered by one row, also where none of them counts', async () => {
    await fill(
      [1, 2, 3].map((id) => ({ id, label: 'a', price: '1', tags: [] })),
      [1, 2, 3],
    )
    const { renderer } = compiled
    const names = [
      'source_unique_raw_rows_id',
      'source_relationships_raw_rows_id__id__source_raw_parents_',
    ]
    const batch = tests.filter(({ name }) => names.includes(name))
    const asked: number[] = []
    const passed = await adapter.transaction(
      async (session) => {
        const query = async (sql: string) => {
          const rows = await session.query(sql)
          asked.push(rows.length)
          return rows
        }
        return await executeBatch(batch, { session: { ...session, query }, renderer })
      },
      { message: 'test' },
    )
    expect(passed.size).toBe(2)
    expect(asked).toEqual([1])
  })

  it('throw when their query fails, so that each is run by itself', async () => {
    await fill([], [])
    const { renderer } = compiled
    const batch = tests.filter((test) => batchKey(test, renderer) !== undefined)
    await expect(
      adapter.transaction(
        async (session) => {
          await session.execute('alter table raw.rows rename column label to gone')
          return await executeBatch(batch, { session, renderer })
        },
        { message: 'test' },
      ),
    ).rejects.toThrow('label')
  })
})
