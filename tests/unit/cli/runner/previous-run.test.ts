import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runOptions } from '../../../../cli/runner/options.ts'
import { readPreviousRun, repeatedArguments } from '../../../../cli/runner/previous-run.ts'

async function previous(results: readonly object[], args: object = { which: 'build' }) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-previous-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const metadata = { dbt_schema_version: 'https://schemas.getdbt.com/dbt/run-results/v6.json' }
  await writeFile(join(folder, 'run_results.json'), JSON.stringify({ metadata, results, args }))
  return await readPreviousRun(folder, '.')
}

const result = (unique_id: string, status: string, batch_results: object | null = null) => ({
  ...{ unique_id, status, batch_results },
})

describe('the run that a retry takes up', () => {
  it('has left undone what failed, what was skipped, and no hooks', async () => {
    const { command, unfinished } = await previous([
      result('model.a', 'success'),
      result('model.b', 'error'),
      result('model.c', 'skipped'),
      result('model.d', 'partial success'),
      result('test.e', 'fail'),
      result('test.f', 'warn'),
      result('source.g', 'runtime error'),
      result('operation.h', 'error'),
    ])
    expect(command).toBe('build')
    expect([...unfinished]).toEqual(['model.b', 'model.c', 'model.d', 'test.e', 'source.g'])
  })

  it('names the batches that failed, of models of which some succeeded', async () => {
    const day = (at: number) => [`2024-01-0${at}T00:00:00+00:00`, `2024-01-0${at + 1}T00:00:00`]
    const { batches } = await previous([
      result('model.a', 'partial success', { successful: [day(1)], failed: [day(2)] }),
      result('model.b', 'error', { successful: [], failed: [day(1)] }),
    ])
    expect([...batches]).toEqual([
      ['model.a', [{ start: Date.UTC(2024, 0, 2), end: Date.UTC(2024, 0, 3) }]],
    ])
  })

  it('is repeated with its options, without its selection and its folders', () => {
    const args = {
      which: 'build',
      select: ['a'],
      exclude: ['b'],
      state: 'prod',
      full_refresh: true,
      fail_fast: false,
      threads: 3,
      target_path: 'elsewhere',
      project_dir: '/gone',
      log_format: 'default',
      vars: { day: '2024-01-01' },
      printer_width: 90,
      version_check: true,
    }
    expect(repeatedArguments(args, runOptions).sort()).toEqual([
      '--full-refresh',
      '--no-fail-fast',
      '--printer-width=90',
      '--state=prod',
      '--threads=3',
      '--vars={"day":"2024-01-01"}',
    ])
  })
})
