/**
 * Lets schemathesis ask the API of this repository everything that its OpenAPI document allows, and much that it does
 * not. Every answer has to be one that the document promises, and none may be a failure of the server.
 *   node tests/schemathesis/run.ts <venv> [options of `schemathesis run`]
 */
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { withShippedApi } from '../support/serve-shipped.ts'

const [venv = '', ...more] = process.argv.slice(2)

/** Always the same requests; schemathesis.toml says what is expected beside the document. */
const given = [
  '--seed=20241125',
  '--max-examples=50',
  '--workers=2',
  '--generation-database=none',
  '--checks=all',
]

function ask(url: string): Promise<number> {
  const program = join(resolve(venv), 'bin/schemathesis')
  const config = new URL('schemathesis.toml', import.meta.url).pathname
  const child = spawn(
    program,
    ['--config-file', config, 'run', `${url}/openapi.json`, ...given, ...more],
    {
      stdio: 'inherit',
      // It keeps what it found in the current directory.
      cwd: tmpdir(),
    },
  )
  return new Promise((settle, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => settle(code ?? 1))
  })
}

// Whoever asks everything asks often.
const settings = { max_in_flight: 1000 }
await withShippedApi({ settings }, async ({ url }) => {
  process.exitCode = await ask(url)
})
