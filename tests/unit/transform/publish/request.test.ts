import { describe, expect, it } from 'vitest'
import { parsePublishSettings } from '../../../../transform/publish/request.ts'

const refused = (settings: unknown) => {
  try {
    parsePublishSettings('orders', settings)
  } catch (error) {
    return error
  }
  return undefined
}

describe('parsePublishSettings', () => {
  it('swaps a table of the model’s name unless it is told otherwise', () => {
    expect(parsePublishSettings('orders', {})).toEqual({
      strategy: 'swap',
      table: 'orders',
      uniqueKey: [],
      indexes: [],
      grants: {},
      api: false,
      roles: [],
    })
  })

  it('takes one column or several, one role or several', () => {
    const settings = {
      strategy: 'merge',
      table: 'sales',
      unique_key: 'id',
      indexes: ['day', ['day', 'shop']],
      grants: { select: ['a', 'b'], update: 'c' },
      api: true,
      roles: 'analyst',
    }
    expect(parsePublishSettings('orders', settings)).toEqual({
      strategy: 'merge',
      table: 'sales',
      uniqueKey: ['id'],
      indexes: [['day'], ['day', 'shop']],
      grants: { select: ['a', 'b'], update: ['c'] },
      api: true,
      roles: ['analyst'],
    })
  })

  it.each([
    ['an unknown strategy', { strategy: 'replace' }, /strategy/],
    ['an unknown key', { uniqe_key: 'id' }, /uniqe_key/],
    ['merge without a key', { strategy: 'merge' }, /needs a unique_key/],
    ['roles of the API without api', { roles: 'analyst' }, /say api: true/],
    ['an unknown privilege', { grants: { drop: 'a' } }, /grants/],
    ['a name that PostgreSQL would cut', { table: 'é'.repeat(30) }, /58 bytes/],
    ['a value that is no map', 'yes', /./],
  ])('refuses %s', (_, settings, reason) => {
    expect(refused(settings)).toMatchObject({
      code: 'publish/bad-settings',
      message: expect.stringMatching(reason),
    })
  })
})
