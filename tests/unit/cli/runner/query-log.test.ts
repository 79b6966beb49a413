import { expect, it } from 'vitest'
import { queryLogText } from '../../../../cli/runner/query-log.ts'

const statement = {
  sql: 'select 1;\n',
  node: 'model.shop.a',
  by: 'runner' as const,
  at: '2024-11-25T12:00:00.000Z',
  elapsedMs: 12.4,
  error: undefined,
}

it('writes a statement with what is known of it as comments', () => {
  expect(queryLogText(statement)).toBe(
    [
      '-- created_at: 2024-11-25T12:00:00.000Z',
      '-- node_id: model.shop.a',
      '-- elapsed: 12ms',
      '-- outcome: success',
      'select 1;\n\n',
    ].join('\n'),
  )
})

it('comments every line of an error out', () => {
  const text = queryLogText({ ...statement, node: undefined, error: 'Parser Error:\ndrop it' })
  expect(text).toMatch(/-- node_id: not available\n/)
  expect(text).toMatch(/-- outcome: error\n-- error: Parser Error:\n-- error: drop it\nselect 1;/)
})
