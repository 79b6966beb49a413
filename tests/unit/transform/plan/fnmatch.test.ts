import { describe, expect, it } from 'vitest'
import { fnmatch, matchesAnyPath } from '../../../../transform/plan/fnmatch.ts'

describe('a pattern', () => {
  // As Python's fnmatch answers.
  it.each([
    ['a.b/c', '*', true],
    ['', '*', true],
    ['a.b', 'a?b', true],
    ['ab', 'a?b', false],
    ['a\nb', 'a*b', true],
    ['A', 'a', false],
    ['b', '[abc]', true],
    ['b', '[a-c]', true],
    ['b', '[!a-c]', false],
    ['d', '[!a-c]', true],
    ['-', '[a-]', true],
    [']', '[]]', true],
    ['a', '[!]]', true],
    ['[a', '[a', true],
    ['[]', '[]', true],
    ['[!]', '[!]', true],
    ['b', '[c-a]', false],
    ['b', '[!c-a]', true],
    ['^', '[^a]', true],
    ['b', '[^a]', false],
    ['\\', '[\\]', true],
    ['a+b', 'a+b', true],
    ['aab', 'a+b*', false],
    ['a|b', 'a|b*', true],
  ])('%j meets %j: %j', (text, pattern, expected) => {
    expect(fnmatch(text, pattern)).toBe(expected)
  })

  it('of paths stays within one folder, but for **', () => {
    const paths = ['models', 'models/marts', 'models/marts/a.sql']
    expect(matchesAnyPath(paths, 'models/*')).toEqual(['models/marts'])
    expect(matchesAnyPath(paths, './models/marts/')).toEqual(['models/marts'])
    expect(matchesAnyPath(paths, 'models/**/*.sql')).toEqual(['models/marts/a.sql'])
    expect(matchesAnyPath(paths, '**/marts')).toEqual(['models/marts'])
    expect(matchesAnyPath(paths, 'models/a')).toEqual([])
    expect(matchesAnyPath(paths, '.')).toEqual(paths)
  })
})
