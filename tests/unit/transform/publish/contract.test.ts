import { expect, it } from 'vitest'
import { contractOf } from '../../../../transform/publish/contract.ts'
import { parsePublishSettings } from '../../../../transform/publish/request.ts'

it('marks personal data however its name is written, described or not', () => {
  const contract = contractOf({
    ...parsePublishSettings('users', { api: true }),
    model: 'users',
    source: { schema: 'marts', table: 'users' },
    columnDescriptions: { Email: 'Where letters go', id: 'Key' },
    piiColumns: ['email', 'phone'],
  })
  expect(contract.columns).toEqual([
    { name: 'Email', description: 'Where letters go', pii: true },
    { name: 'id', description: 'Key', pii: false },
    { name: 'phone', description: '', pii: true },
  ])
})
