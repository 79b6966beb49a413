import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadState } from '../../../../cli/runner/load-state.ts'
import { isProblem } from '../../../../core/errors.ts'

let project = ''
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'millrace-state-'))
  await mkdir(join(project, 'before'))
  await mkdir(join(project, 'target'))
})
afterEach(async () => {
  await rm(project, { recursive: true, force: true })
})

const artifact = (name: string) =>
  JSON.stringify({
    metadata: { dbt_schema_version: `https://schemas.getdbt.com/dbt/${name}.json` },
    results: [],
  })

const write = (file: string, text: string) => writeFile(join(project, file), text)
const load = (folder = 'before') => loadState(folder, project, 'target')

async function reasonOf(folder?: string): Promise<string> {
  try {
    await load(folder)
    return ''
  } catch (error) {
    return isProblem(error, 'model/unreadable-state') ? error.message : String(error)
  }
}

it('reads the artifacts of a folder and the freshness of the target folder', async () => {
  await write('before/manifest.json', artifact('manifest/v12'))
  await write('before/run_results.json', artifact('run-results/v6'))
  await write('before/sources.json', artifact('sources/v3'))
  await write('target/sources.json', artifact('sources/v3'))
  const { manifest, results, sources, currentSources } = await load()
  expect([manifest, results, sources, currentSources]).toEqual(
    ['manifest/v12', 'run-results/v6', 'sources/v3', 'sources/v3'].map((name) =>
      JSON.parse(artifact(name)),
    ),
  )
  expect(await loadState(join(project, 'before'), '/', 'target')).toMatchObject({ results })
})

it('leaves out what is not there', async () => {
  const none = { manifest: undefined, results: undefined, sources: undefined }
  expect(await load()).toEqual({ ...none, currentSources: undefined })
})

it('refuses a folder that is none, and files that are no such artifacts', async () => {
  expect(await reasonOf('elsewhere')).toContain('elsewhere cannot be used: there is no such folder')
  await write('before/manifest.json', '{')
  expect(await reasonOf()).toContain('manifest.json cannot be used: ')
  for (const [text, reason] of [
    ['[]', 'it names no version, and manifest v4 to v12 can be read'],
    [artifact('manifest/v99'), 'it is manifest v99'],
    [artifact('catalog/v1'), 'it is catalog v1'],
  ] as const) {
    await write('before/manifest.json', text)
    expect(await reasonOf()).toContain(reason)
  }
})
