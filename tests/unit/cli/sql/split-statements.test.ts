import { describe, expect, it } from 'vitest'
import { isComplete, splitStatements } from '../../../../cli/sql/split-statements.ts'

describe('splitStatements', () => {
  it('splits at semicolons outside of strings, names and comments', () => {
    const text = 'select \';\' as a; -- ;\nselect ";" /* ; */;\n;\n$$ ; $$'
    expect(splitStatements(text).map(({ sql }) => sql.trim())).toEqual([
      "select ';' as a",
      '-- ;\nselect ";" /* ; */',
      '$$ ; $$',
    ])
  })

  it('counts the lines before each statement', () => {
    const statements = splitStatements('select 1;\n\nselect 2')
    expect(statements.map(({ linesBefore }) => linesBefore)).toEqual([0, 0])
    expect(statements[1]?.sql).toBe('\n\nselect 2')
  })
})

describe('isComplete', () => {
  it.each(['select 1;', 'select 1; -- done', '', '-- only this'])('takes %j as it is', (text) => {
    expect(isComplete(text)).toBe(true)
  })

  it.each(['select 1', "select ';", 'select /* ;', 'select 1; select'])(
    'waits after %j',
    (text) => {
      expect(isComplete(text)).toBe(false)
    },
  )
})
