import { describe, expect, it } from 'vitest'
import { etagOf, matchesEtag } from '../../../../api/http/etag.ts'

describe('an entity tag', () => {
  it('is the same for the same parts and another for others', () => {
    expect(etagOf(['users', 5])).toBe(etagOf(['users', 5]))
    expect(etagOf(['users', 5])).toMatch(/^W\/"[\w-]{27}"$/)
    expect(etagOf(['users', 5])).not.toBe(etagOf(['users', '5']))
    expect(etagOf(['a', 'b'])).not.toBe(etagOf(['ab']))
  })

  it('is found in If-None-Match, weak or strong, alone or in a list', () => {
    const etag = etagOf([1])
    expect(matchesEtag(undefined, etag)).toBe(false)
    expect(matchesEtag('"other"', etag)).toBe(false)
    expect(matchesEtag(`"other" , ${etag}`, etag)).toBe(true)
    expect(matchesEtag(etag.slice(2), etag)).toBe(true)
    expect(matchesEtag('*', etag)).toBe(true)
  })
})
