/**
 * The Python of the image: pytest, ruff and mypy in the environment of `ml/image/install.sh`. Each case of pytest is a
 * test here, so that what failed is seen by its name and counted. pytest runs once, while this file is being read.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

type Ended = { readonly exitCode: number; readonly output: string }

const image = resolve('ml/image')
const reportSchema = z.object({
  name: z.string(),
  outcome: z.enum(['passed', 'failed', 'skipped']),
  text: z.string(),
})
type Report = z.output<typeof reportSchema>

/** Runs a program in the image's folder; a test that was killed is no exit code, but a failure. */
function run(program: string, args: readonly string[]): Promise<Ended> {
  const limits = { timeout: 300_000, maxBuffer: 64 << 20 }
  // Training threads that wait in a loop would take the cores of the other test files.
  const env = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE', PYTHONDONTWRITEBYTECODE: '1' }
  return new Promise((settle) => {
    execFile(program, args, { cwd: image, env, ...limits }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : Number(error.code ?? 1)
      settle({ exitCode, output: `${stdout}${stderr}` })
    })
  })
}

async function runPytest(venv: string): Promise<Ended & { readonly reports: readonly Report[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pytest-'))
  const file = join(folder, 'cases.jsonl')
  try {
    const options = ['-m', 'pytest', `--cases=${file}`, `--basetemp=${join(folder, 'tmp')}`]
    const ended = await run(`${venv}/bin/python`, options)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    return { ...ended, reports: lines.map((line) => reportSchema.parse(JSON.parse(line))) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const installed = await run('sh', ['install.sh'])
if (installed.exitCode !== 0) throw new Error(`ml/image/install.sh failed:\n${installed.output}`)
const venv = installed.output.trimEnd().split('\n').at(-1) ?? ''
const [pytest, ruff, format, mypy] = await Promise.all([
  runPytest(venv),
  run(`${venv}/bin/ruff`, ['check', '.', '../../bench/ml']),
  run(`${venv}/bin/ruff`, ['format', '--check', '.', '../../bench/ml']),
  run(`${venv}/bin/mypy`, []),
])

describe('the image, by pytest', () => {
  const names = [...new Set(pytest.reports.map(({ name }) => name))]
  it.for(names)('%s', (name, { skip }) => {
    const reports = pytest.reports.filter((one) => one.name === name)
    const failures = reports.filter(({ outcome }) => outcome === 'failed')
    if (failures.length === 0 && reports.some(({ outcome }) => outcome === 'skipped')) skip()
    expect(failures.map(({ text }) => text).join('\n')).toBe('')
  })

  it('ends well, with every file of tests read', () => {
    expect(pytest).toMatchObject({ exitCode: 0 })
    expect(names.length).toBeGreaterThan(0)
  })
})

describe('the code of the image', () => {
  it('has nothing that ruff minds', () => {
    expect(ruff, ruff.output).toMatchObject({ exitCode: 0 })
    expect(format, format.output).toMatchObject({ exitCode: 0 })
  })

  it('has types that fit, by mypy', () => {
    expect(mypy, mypy.output).toMatchObject({ exitCode: 0 })
  })
})
