import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import {
  checkContract,
  contractQuery,
  contractShape,
} from '../../../../transform/materialize/contract.ts'
import {
  uncheckedConstraints,
  violationsQuery,
} from '../../../../transform/materialize/violations.ts'
import type { Column, Config } from '../../../../transform/project/project.ts'
import { makeModel } from '../plan/random-graph.ts'

function column(name: string, dataType: string | undefined, constraints: Config[] = []): Column {
  return {
    ...{ name, description: '', dataType, meta: {}, tags: [], quote: name !== name.toLowerCase() },
    ...{ constraints, config: {}, docs: {}, granularity: undefined, dimension: undefined },
    ...{ entity: undefined, extra: {} },
  }
}

const model = (columns: readonly Column[], constraints: readonly Config[] = []) =>
  makeModel('orders', { columns, constraints })

describe('an enforced contract', () => {
  const orders = model([column('id', 'integer'), column('Name', 'text')])

  it('is compared with the query in one question, which reads no rows', () => {
    expect(contractQuery(orders, 'select 1')).toBe(
      `select 'definition' as side, column_name, column_type from (describe select * from (
select 1
) as __dbt_sbq where false limit 0)
union all
select 'contract' as side, column_name, column_type from (describe select cast(null as integer) as id, cast(null as text) as "Name")`,
    )
  })

  it('is broken by types and names, said in the table of dbt', () => {
    const definition = [
      { name: 'id', type: 'VARCHAR' },
      { name: 'more', type: 'INTEGER' },
    ]
    const contract = [
      { name: 'id', type: 'INTEGER' },
      { name: 'Name', type: 'VARCHAR' },
    ]
    const check = () => checkContract(orders, definition, contract)
    expect(check).toThrowError(`This model has an enforced contract that failed.
Please ensure the name, data_type, and number of columns in your contract match the columns in your model's definition.

| column_name | definition_type | contract_type | mismatch_reason       |
| ----------- | --------------- | ------------- | --------------------- |
| Name        |                 | VARCHAR       | missing in definition |
| id          | VARCHAR         | INTEGER       | data type mismatch    |
| more        | INTEGER         |               | missing in contract   |`)
    expect(check).toThrowError(
      expect.toSatisfy((error: unknown) => isProblem(error, 'model/contract-failed')),
    )
  })

  it('holds in any order of columns', () => {
    const [id, name] = [
      { name: 'id', type: 'INTEGER' },
      { name: 'Name', type: 'VARCHAR' },
    ]
    expect(() => checkContract(orders, [id, name], [name, id])).not.toThrow()
  })

  it('needs columns, and a type for each', () => {
    expect(() => contractQuery(model([]), '')).toThrowError(
      "This model has an enforced contract, and its 'columns' specification is missing",
    )
    expect(() => contractQuery(model([column('id', undefined)]), '')).toThrowError(
      "['id'] column(s)",
    )
  })
})

describe('constraints', () => {
  const constrained = model(
    [
      column('id', 'integer', [{ type: 'not_null' }, { type: 'primary_key' }]),
      column('Age', 'integer', [{ type: 'check', expression: '"Age" > 0' }]),
    ],
    [
      { type: 'unique', columns: ['id', 'day'] },
      { type: 'foreign_key', columns: ['id'], expression: 'parents (pid)' },
      { type: 'custom', expression: 'anything' },
    ],
  )

  it('are declared on plain DuckDB', () => {
    expect(contractShape(constrained, false)).toEqual({
      ddl: `(
  id integer not null primary key,
  "Age" integer check ("Age" > 0),
  unique (id, day),
  foreign key (id) references parents (pid),
  anything
)`,
      columns: 'id, "Age"',
    })
  })

  it('are declared on a lake where it takes them, and counted where it does not', () => {
    expect(contractShape(constrained, true).ddl).toBe(
      '(\n  id integer not null,\n  "Age" integer\n)',
    )
    const query = violationsQuery(constrained, undefined) ?? ''
    expect(query).toContain(
      `select 'check ("Age" > 0)' as rule, count(*) as violations from "lake"."main"."orders" where not ("Age" > 0)`,
    )
    expect(query).toContain('group by id, day having count(*) > 1')
    expect(query).toContain(
      'not exists (select 1 from parents as parent where parent.pid = child.id)',
    )
    expect(uncheckedConstraints(constrained)).toEqual(['custom'])
  })

  it('are counted over new rows, and over old ones only for the keys that come with them', () => {
    const query = violationsQuery(constrained, 'batch') ?? ''
    expect(query).toContain('from batch where not ("Age" > 0)')
    expect(query).toContain(
      'from "lake"."main"."orders" where not (id is null) and struct_pack(v0 := id) in (select struct_pack(v0 := id) from batch)',
    )
  })

  it('ask nothing where there are none', () => {
    expect(violationsQuery(model([column('id', 'integer')]), undefined)).toBeUndefined()
  })
})
