import { expect, it } from 'vitest'
import { explainError } from '../../../../../api/ad-hoc/child/explain-error.ts'
import { problem } from '../../../../../core/problems.ts'

const explain = (message: string, sql = 'select 1') => explainError(new Error(message), sql)

it('hands on what DuckDB says of the query itself, its first line', () => {
  const { problem: shown, broken } = explain(
    'Binder Error: Referenced column "x" not found!\n\nLINE 1',
  )
  expect(shown).toMatchObject({ code: 'api/sql-invalid', httpStatus: 400 })
  expect(shown?.message).toContain('Referenced column "x" not found!')
  expect(shown?.message).not.toContain('LINE 1')
  expect(broken).toBe(false)
})

it('keeps places and servers for itself', () => {
  for (const message of [
    "Invalid Input Error: No magic bytes found at end of file '/data/lake/x.parquet'",
    'Binder Error: Catalog "__ducklake_metadata_lake" does not exist!',
    'Conversion Error: host=10.0.0.1 password=x',
  ]) {
    expect(explain(message).problem?.message).toBe(
      'The query cannot be run: it fails while it runs',
    )
  }
  const own = explain(
    'Conversion Error: Could not convert string "a://b" to INT32',
    "select 'a://b'::int",
  )
  expect(own.problem?.message).toContain('a://b')
})

it.each([
  'IO Error: Could not establish connection for http://10.0.0.1/x',
  'INTERNAL Error: Attempted to access index 0 within vector of size 0',
  'FATAL Error: database has been invalidated',
])('gives the process up after %s', (message) => {
  expect(explain(message)).toMatchObject({ broken: true, reason: message })
  expect(explain(message).problem).toBeUndefined()
})

it('tells too little memory from a wrong query, and an interrupt from both', () => {
  expect(explain('Out of Memory Error: failed to allocate').problem?.code).toBe('api/sql-too-large')
  expect(explain('INTERRUPT Error: Interrupted!')).toMatchObject({
    interrupted: true,
    broken: false,
  })
})

it('hands on our own problems whole', () => {
  const ours = problem('api/sql-function-refused', { name: 'getenv' })
  expect(explainError(ours, '').problem).toEqual({
    code: ours.code,
    message: ours.message,
    httpStatus: 403,
  })
})

it('tells the caller of the limit on files, and gives the process up', () => {
  const failed = explain('IO Error: Could not write file "/tmp/x/y.tmp": File too large')
  expect([failed.problem?.code, failed.broken]).toEqual(['api/sql-too-large', true])
})

it('says of files outside the lake that they are not open, and goes on', () => {
  const { problem: shown, broken } = explain('Permission Error: Cannot access file "/etc/passwd"')
  expect(shown).toMatchObject({ code: 'api/sql-invalid', httpStatus: 400 })
  expect(shown?.message).not.toContain('/etc')
  expect(broken).toBe(false)
})
