/**
 * Lets schemathesis ask the API of this repository everything that its OpenAPI document allows, and much that it does
 * not: open, with a key, and without the key that is needed. Every answer has to be one that the document promises, none
 * may be a failure of the server, and without a key there is none.
 *   node tests/schemathesis/run.ts <venv> [options of `schemathesis run`]
 */
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ServeShippedOptions, withShippedApi } from '../support/serve-shipped.ts'

const [venv = '', ...more] = process.argv.slice(2)
const beside = (name: string) => new URL(name, import.meta.url).pathname

/** Always the same requests; schemathesis.toml says what is expected beside the document. */
const given = ['--seed=20241125', '--workers=1', '--generation-database=none']

/** @returns the exit code of schemathesis */
function ask(args: readonly string[], hooks = ''): Promise<number> {
  const program = join(resolve(venv), 'bin/schemathesis')
  const options = ['--config-file', beside('schemathesis.toml'), 'run', ...args, ...given, ...more]
  const child = spawn(program, options, {
    stdio: 'inherit',
    // It keeps what it found in the current directory.
    cwd: tmpdir(),
    env: { ...process.env, SCHEMATHESIS_HOOKS: hooks },
  })
  return new Promise((settle, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => settle(code ?? 1))
  })
}

async function serve(
  options: ServeShippedOptions,
  work: (url: string, key: string) => Promise<number>,
): Promise<void> {
  await withShippedApi(options, async ({ url }, key) => {
    process.exitCode = Math.max(Number(process.exitCode ?? 0), await work(url, key))
  })
}

// Whoever asks everything asks often.
const settings = { max_in_flight: 1000 }
await serve({ settings }, (url) =>
  ask([`${url}/openapi.json`, '--max-examples=50', '--checks=all']),
)

const unlimited = {
  ...{ per_key: 0, key_burst: 1, per_address: 0, address_burst: 1 },
  failures_per_address: 1_000_000_000,
}
const guarded = { settings: { ...settings, rate_limit: unlimited }, keyRoles: ['metrics'] }
await serve(guarded, async (url, key) => {
  const held = ['-H', `Authorization: Bearer ${key}`, '--max-examples=20', '--checks=all']
  const asked = await ask([`${url}/openapi.json`, ...held])
  const document = [beside('../../docs/openapi.json'), '--url', url, '--max-examples=20']
  const checks = '--checks=only_refused,not_a_server_error,status_code_conformance'
  return Math.max(asked, await ask([...document, checks], beside('refused.py')))
})
