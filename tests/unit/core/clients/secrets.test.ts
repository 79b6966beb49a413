import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { resolveSecret } from '../../../../core/clients/secrets.ts'
import { Secret } from '../../../../core/secret.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

/** Speaks as much of AWS Secrets Manager as is asked of it here. */
const stored: Readonly<Record<string, string>> = {
  plain: 'hunter2',
  both: '{"user":"me","password":"s3cret"}',
}
let server: Server
let endpoint: string

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
  server = createServer(async (request, response) => {
    let text = ''
    for await (const part of request) text += part
    const name: string = JSON.parse(text).SecretId
    const found = stored[name]
    response.statusCode = found === undefined ? 400 : 200
    const missing = { __type: 'ResourceNotFoundException', message: `no ${name}` }
    response.end(JSON.stringify(found === undefined ? missing : { SecretString: found }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(() => {
  vi.unstubAllEnvs()
  server.close()
})

const look = async (reference: string) =>
  (await resolveSecret(new Secret(reference), { region: 'eu-west-1', endpoint })).reveal()

it('takes text as it is, a file without its last line break, a secret of AWS whole or by key', async () => {
  const file = join(temporaryDirectory(), 'password')
  writeFileSync(file, 'from a file\n')
  expect(await look('p:w')).toBe('p:w')
  expect(await look(`file:${file}`)).toBe('from a file')
  expect(await look('aws-secret:plain')).toBe('hunter2')
  expect(await look('aws-secret:both#password')).toBe('s3cret')
})

it.each([
  ['aws-secret:plain#password', 'it is not JSON, so it has no keys'],
  ['aws-secret:both#token', 'it has no key token'],
  ['aws-secret:none', 'no none'],
  ['file:/none/at/all', 'ENOENT'],
])('says why %s cannot be read, and nothing of what is in it', async (reference, reason) => {
  const error: unknown = await look(reference).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'config/secret-unreadable', exitCode: 2 })
  expect(inspect(error)).toContain(reason)
  expect(inspect(error)).not.toMatch(/hunter2|s3cret/)
})
