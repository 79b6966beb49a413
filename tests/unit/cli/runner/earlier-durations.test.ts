import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readDurations } from '../../../../cli/runner/earlier-durations.ts'

async function durationsOf(text: string) {
  const target = await mkdtemp(join(tmpdir(), 'millrace-durations-'))
  onTestFinished(() => rm(target, { recursive: true }))
  await writeFile(join(target, 'run_results.json'), text)
  return await readDurations({ target, targetPath: target, logs: target, writesJson: true })
}

const metadata = { dbt_schema_version: 'https://schemas.getdbt.com/dbt/run-results/v6.json' }

it('tells what each node took that was carried out, in milliseconds', async () => {
  const result = (unique_id: string, status: string) => ({ unique_id, status, execution_time: 1.5 })
  const results = [result('a', 'success'), result('b', 'error'), result('c', 'skipped')]
  const durations = await durationsOf(JSON.stringify({ metadata, results, args: {} }))
  expect([...durations]).toEqual([['a', 1_500]])
})

it('tells nothing where the file is missing, cut short, or of another shape', async () => {
  expect(await durationsOf('{"metadata":')).toEqual(new Map())
  expect(await durationsOf(JSON.stringify({ metadata, results: 'none' }))).toEqual(new Map())
  const folders = { target: '/nowhere', targetPath: '', logs: '', writesJson: true }
  expect(await readDurations(folders)).toEqual(new Map())
})
