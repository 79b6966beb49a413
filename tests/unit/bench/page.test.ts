import { describe, expect, it } from 'vitest'
import { withSection } from '../../../bench/page.ts'

describe('a page that several scripts write', () => {
  const page = '# Benchmarks\n\nBy hand.\n'

  it('gets sections in a set order, whoever comes first', () => {
    const text = withSection(withSection(page, 'lake', 'of lakes'), 'plain', 'of files')
    expect(text.indexOf('of files')).toBeLessThan(text.indexOf('of lakes'))
    expect(text).toMatch(/^# Benchmarks\n\nBy hand\.\n/)
  })

  it('keeps what is not in the section that is written again', () => {
    const before = `${withSection(withSection(page, 'plain', 'of files'), 'lake', 'of lakes')}\nThe end.\n`
    const after = withSection(before, 'plain', 'of other files')
    expect(after).toBe(before.replace('of files', 'of other files'))
  })
})
