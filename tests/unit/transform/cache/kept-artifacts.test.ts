import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeFolder, writeProject } from '../../../support/project.ts'
import { artifactsOf, openCached, openFresh, settle, timeless } from './cached-project.ts'

const files = {
  'models/a.sql': "select 'ü' as id",
  'models/b.sql': "select * from {{ ref('a') }}",
  'models/schema.yml': `models:
  - {name: a, description: 'says "model.shop.b":{', columns: [{name: id, data_tests: [not_null]}]}
`,
  'macros/one.sql': '{% macro one() %}1{% endmacro %}',
}
const times = ['2025-01-01T00:00:00.000Z', '2025-01-02T00:00:00.000Z'] as const

async function parsedProject() {
  const folder = await makeFolder()
  await writeProject(folder.path, files)
  await settle()
  await artifactsAt(folder.path, times[0])
  return folder
}

async function artifactsAt(folder: string, time: string) {
  const { graph, kept } = await openCached(folder)
  return artifactsOf(graph, kept, time)
}

async function expectFresh(folder: string, artifacts: Readonly<Record<string, unknown>>) {
  const fresh = artifactsOf(await openFresh(folder), undefined, times[1])
  expect(timeless(artifacts)).toBe(timeless(fresh))
}

it('artifacts of an unchanged project tell of the new call, and of nodes that are as old as they are', async () => {
  await using folder = await parsedProject()
  const artifacts = await artifactsAt(folder.path, times[1])
  const { metadata, nodes } = artifacts['manifest.json']
  expect(metadata).toMatchObject({ invocation_id: times[1], generated_at: times[1] })
  expect(artifacts['graph_summary.json']._invocation_id).toBe(times[1])
  expect(nodes['model.shop.a'].created_at).toBe(Date.parse(times[0]) / 1_000)
  await expectFresh(folder.path, artifacts)
})

it('an edited model is in the manifest as it is now, made now', async () => {
  await using folder = await parsedProject()
  writeFileSync(join(folder.path, 'models/b.sql'), "select 'ß' from {{ ref('a') }}")
  const artifacts = await artifactsAt(folder.path, times[1])
  const { nodes } = artifacts['manifest.json']
  expect(nodes['model.shop.b']).toMatchObject({
    raw_code: "select 'ß' from {{ ref('a') }}",
    created_at: Date.parse(times[1]) / 1_000,
  })
  expect(nodes['model.shop.a'].created_at).toBe(Date.parse(times[0]) / 1_000)
  await expectFresh(folder.path, artifacts)
})

it('artifacts that are damaged, or of another parse, are made anew', async () => {
  await using folder = await parsedProject()
  const file = join(folder.path, 'target/partial_artifacts.millrace')
  const whole = readFileSync(file)
  writeFileSync(file, whole.subarray(0, whole.length - 9))
  await expectFresh(folder.path, await artifactsAt(folder.path, times[1]))
  await writeProject(folder.path, { 'models/c.sql': 'select 1' })
  await settle()
  await openCached(folder.path)
  writeFileSync(file, whole)
  const artifacts = await artifactsAt(folder.path, times[1])
  expect(Object.keys(artifacts['manifest.json'].nodes)).toContain('model.shop.c')
  await expectFresh(folder.path, artifacts)
})
