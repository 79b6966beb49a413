import { expect, it } from 'vitest'
import { secretHider } from '../../../../cli/runner/hide-secrets.ts'
import { queryLogText } from '../../../../cli/runner/query-log.ts'
import { Secret } from '../../../../core/secret.ts'

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

it('shows neither the secrets of the environment nor those of a profile', () => {
  const hide = secretHider(
    { vars: { DBT_ENV_SECRET_B: 'hunter3' }, hidden: [new Secret("it's me")] },
    { DBT_ENV_SECRET_A: 'hunter2', OTHER: 'open' },
  )
  const text = queryLogText({
    ...statement,
    sql: "select 'hunter2', 'hunter3', 'it''s me', 'open'",
  })
  expect(hide(text)).toContain("select '*****', '*****', '[redacted]', 'open';\n")
})
