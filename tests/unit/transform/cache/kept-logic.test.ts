import { hash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { keptLogic } from '../../../../transform/cache/kept-logic.ts'
import type { KeptGraph } from '../../../../transform/cache/open-graph.ts'
import { logicReader } from '../../../../transform/changed/logic.ts'
import type { Graph } from '../../../../transform/compile/graph.ts'
import { makeFolder, writeProject } from '../../../support/project.ts'
import { openCached, settle } from './cached-project.ts'

type Parsed = { readonly graph: Graph; readonly kept: KeptGraph | undefined }

/** The logic of each node, what is kept of it used and kept. */
function logicOf({ graph, kept }: Parsed, environment = {}) {
  const { facts, save } = keptLogic(kept)
  const found = facts.size
  const read = logicReader({
    graph,
    facts,
    sha256: (text) => hash('sha256', text),
    vars: {},
    environment,
    target: { name: 'dev' },
    release: '1',
  })
  const all = [...graph.nodes.values(), ...graph.unitTests.values()]
  const logic = new Map(all.map((node) => [node.id, read(node)]))
  save()
  return { logic, found }
}

const files = {
  'models/a.sql': "select 1 as id from {{ ref('s') }}",
  'models/b.sql': "select '{{ env_var('REGION', 'eu') }}' as region from {{ ref('a') }}",
  'macros/m.sql': '{% macro m() %}1{% endmacro %}',
  'seeds/s.csv': 'id\n1\n',
}

const projects = join(import.meta.dirname, '../../../conformance/projects')
it.each(readdirSync(projects))('logic that was kept is that which is read: %s', async (name) => {
  await using folder = await makeFolder()
  await cp(join(projects, name), folder.path, { recursive: true })
  await settle()
  const { graph, kept } = await openCached(folder.path)
  const fresh = logicOf({ graph, kept: undefined })
  expect(logicOf({ graph, kept }).logic).toEqual(fresh.logic)
  const again = logicOf(await openCached(folder.path))
  expect(again.logic).toEqual(fresh.logic)
  if (kept !== undefined) expect(again.found).toBeGreaterThanOrEqual(graph.nodes.size)
})

it('the values of variables are never kept', async () => {
  await using folder = await makeFolder()
  await writeProject(folder.path, files)
  await settle()
  const parsed = await openCached(folder.path)
  const changed = (from: object, to: object) => {
    const [before, after] = [logicOf(parsed, from).logic, logicOf(parsed, to).logic]
    return [...after].flatMap(([id, { logic }]) =>
      before.get(id)?.logic.values === logic.values ? [] : [id],
    )
  }
  expect(changed({}, { REGION: 'us' })).toEqual(['model.shop.b'])
  expect(changed({ REGION: 'us' }, { REGION: 'us', OTHER: '1' })).toEqual([])
})

it('an edited model is read anew, and what is kept stays that of the parse', async () => {
  await using folder = await makeFolder()
  await writeProject(folder.path, files)
  await settle()
  const first = logicOf(await openCached(folder.path))
  writeFileSync(join(folder.path, 'models/a.sql'), "select 2 as id from {{ ref('s') }}")
  const edited = await openCached(folder.path)
  expect(edited.kept?.replaced.size).toBe(1)
  const second = logicOf(edited)
  expect(second.found).toBe(first.logic.size - 1)
  expect(second.logic).toEqual(logicOf({ graph: edited.graph, kept: undefined }).logic)
  writeFileSync(join(folder.path, 'models/a.sql'), files['models/a.sql'])
  await settle()
  expect(logicOf(await openCached(folder.path)).logic).toEqual(first.logic)
})

it('a project that is parsed again is read again', async () => {
  await using folder = await makeFolder()
  await writeProject(folder.path, files)
  await settle()
  logicOf(await openCached(folder.path))
  await writeProject(folder.path, { 'macros/m.sql': '{% macro ref(x) %}2{% endmacro %}' })
  await settle()
  const parsed = await openCached(folder.path)
  const again = logicOf(parsed)
  expect(again.found).toBe(0)
  expect(again.logic).toEqual(logicOf({ graph: parsed.graph, kept: undefined }).logic)
})
