import { DatabaseError } from 'pg'
import { expect, it } from 'vitest'
import { explainPublishError } from '../../../../transform/publish/failures.ts'

const url = 'postgres://me:hunter2@host/db'

function fromServer(code: string, message: string): DatabaseError {
  const error = new DatabaseError(message, message.length, 'error')
  error.code = code
  return error
}

it.each([
  [fromServer('57P01', 'terminating connection due to administrator command')],
  [new Error('read ECONNRESET')],
  [new Error('Connection terminated unexpectedly')],
])('calls it an outage when the server is gone: %s', (error) => {
  expect(explainPublishError(error, url)).toMatchObject({ code: 'publish/postgres-unreachable' })
})

it.each([
  ['22P02', 'invalid input syntax for type integer: "ECONNREFUSED"', 'publish/value-refused'],
  ['23505', 'duplicate key: no space left on device', 'publish/constraint-violated'],
])(
  'believes the code %s and not the words, which may be those of a row',
  (code, text, expected) => {
    expect(explainPublishError(fromServer(code, text), url)).toMatchObject({ code: expected })
  },
)
