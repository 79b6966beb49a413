import { describe, expect, it } from 'vitest'
import { parseEndpoint } from '../../../../api/sql-endpoint/parse-endpoint.ts'

const file = 'api/endpoints/x.sql'
const parse = (header: string, sql: string) =>
  parseEndpoint(file, `/* ---\n${header}\n--- */\n${sql}`)
const minimal = 'path: /api/x\nsummary: An x'

describe('parseEndpoint', () => {
  it('fills in what a header leaves out', () => {
    const { name, header } = parse(minimal, 'select 1 as a;')
    expect(name).toBe('x')
    expect(header).toEqual({
      path: '/api/x',
      summary: 'An x',
      parameters: {},
      roles: [],
      table_roles: 'require',
      source: 'postgres',
      shape: 'array',
      cache_seconds: 0,
      timeout_ms: 5000,
      row_limit: 1000,
    })
  })

  it('numbers parameters by first use and casts them to their declared type', () => {
    const header = `${minimal}\nparameters: { a: { type: integer }, b: { type: string } }`
    const { sql } = parse(header, "select :b, :a, :b::int, ':a' -- :a\n;")
    expect(sql.names).toEqual(['b', 'a'])
    expect(sql.text).toBe("\nselect $1::text, $2::bigint, $1::text::int, ':a' -- :a\n")
  })

  it('finds the place in the file of an offset in the bound SQL', () => {
    const header = `${minimal}\nparameters: { a: { type: integer } }`
    const { sql, positionOf } = parse(header, 'select :a as a,\n  nope')
    expect(positionOf(sql.text.indexOf('nope'))).toEqual({ file, line: 7, column: 3 })
  })

  it.each([
    ['select 1', 'does not begin with', 1],
    ['/* ---\npath: [\n--- */ select 1', 'not YAML', 2],
    ['/* ---\npath: x\nsummary: a\n--- */ select 1', 'path: begins with /api/', 2],
    [
      '/* ---\npath: /api/x\nsummary: a\nrow_limits: 5\n--- */ select 1',
      'did you mean row_limit',
      2,
    ],
    [
      '/* ---\npath: /api/x\nsummary: a\nparameters:\n  d: { type: int }\n--- */ select :d',
      'parameters.d.type',
      5,
    ],
    [
      '/* ---\npath: /api/x\nsummary: a\nparameters:\n  d: { type: integer, max: 3 }\n--- */ select :d',
      'unknown key max',
      5,
    ],
    [
      '/* ---\npath: /api/x\nsummary: a\nparameters: { d: { type: integer, default: 0, minimum: 1 } }\n--- */ select :d',
      'the default of d',
      2,
    ],
    [
      '/* ---\npath: /api/tables/users\nsummary: a\n--- */ select 1',
      '/api/tables belongs to the API itself',
      2,
    ],
    ['/* ---\npath: /api/sql\nsummary: a\n--- */ select 1', '/api/sql belongs to', 2],
    ['/* ---\npath: /api/x/../y\nsummary: a\n--- */ select 1', 'nobody can ask for', 2],
    ['/* ---\npath: /api/{id}\nsummary: a\n--- */ select 1', 'names {id}', 2],
    [`/* ---\n${minimal}\n--- */\nselect :dayz`, ':dayz is not declared', 5],
    [`/* ---\n${minimal}\n--- */\nselect 1;\nselect 2`, 'more than one statement', 5],
    [`/* ---\n${minimal}\n--- */\nselect 'a`, 'never closed', 5],
    [`/* ---\n${minimal}\n--- */\n-- nothing`, 'no SQL', 4],
    [
      `/* ---\n${minimal}\nparameters: { d: { type: integer } }\n--- */ select 1`,
      'does not use :d',
      5,
    ],
    [`/* ---\n${minimal}\n--- */ select :constructor`, ':constructor is not declared', 4],
  ])('refuses %j and says where', (content, reason, line) => {
    const attempt = () => parseEndpoint(file, content)
    expect(attempt).toThrow(reason)
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'api/broken-endpoint',
        at: expect.objectContaining({ file, line }),
      }),
    )
  })
})
