/** Checksums that are compared with those in manifests of dbt: recorded from dbt-core 1.12.6. */
import { expect, it } from 'vitest'
import { contractJson } from '../../../../transform/artifacts/contract.ts'
import { manifestNode } from '../../../../transform/artifacts/manifest.ts'
import { makeColumn, makeGraph, makeUnitTest } from '../../../support/graph-nodes.ts'

it('takes the checksum of a contract as dbt does', () => {
  const columns = [
    makeColumn({
      name: 'id',
      dataType: 'bigint',
      constraints: [{ type: 'not_null' }, { type: 'primary_key' }],
    }),
    makeColumn({ name: 'name', dataType: 'varchar' }),
    makeColumn({ name: 'twice_id', dataType: 'bigint' }),
    makeColumn({ name: 'd', dataType: 'date' }),
  ]
  const constraints = [{ type: 'check', expression: 'id > 0' }]
  const promised = { columns, constraints, materialized: 'table' }
  expect(contractJson({ enforced: true }, promised)).toEqual({
    enforced: true,
    alias_types: true,
    checksum: 'd66f038628a2457720e73a0ee3398f9f2dca7a25f1c3d482d5a6d75f27f6060b',
  })
  expect(contractJson({ enforced: false }, promised)['checksum']).toBeNull()
})

it('takes the checksum of a unit test as dbt does', () => {
  const test = makeUnitTest({
    name: 'ut1',
    model: 'eph',
    properties: {
      given: [
        {
          input: "ref('stg_people')",
          rows: [
            { id: 1, name: 'a' },
            { id: 9, name: 'b' },
          ],
        },
      ],
      expect: { rows: [{ id: 1, name: 'a' }] },
      overrides: { vars: { cutoff: 5 } },
    },
  })
  const { checksum } = manifestNode(test, makeGraph())
  expect(checksum).toBe('f21e199a46776bbbce5e99c296f3789cf638b8ad9b5b90338c76e88aa04964d1')
})

it('takes the checksum of a unit test over CSV, SQL, overrides and a row that holds null', () => {
  const test = makeUnitTest({
    name: 'u3',
    model: 'b',
    properties: {
      given: [
        { input: 'this', rows: [] },
        { input: "ref('a')", format: 'csv', rows: 'id,n\n1,x' },
      ],
      expect: { rows: [{ id: 1, n: null, f: 1.5, b: true }] },
      overrides: { macros: { is_incremental: true }, env_vars: { A: 'b' } },
    },
  })
  const { checksum } = manifestNode(test, makeGraph())
  expect(checksum).toBe('41e8baf21753167f1ce4445fd5d24d824f28780c0d99eea542b1adc8a6898ca8')
})
