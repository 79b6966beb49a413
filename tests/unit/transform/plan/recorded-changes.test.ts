/** A changed project beside its earlier manifest: `state:` lists what dbt-core 1.12.6 lists for the same changes. */
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { toArtifactText } from '../../../../transform/artifacts/json.ts'
import { manifestNode, manifestOf } from '../../../../transform/artifacts/manifest.ts'
import type { Graph } from '../../../../transform/compile/graph.ts'
import { commandFilter } from '../../../../transform/plan/resource-types.ts'
import { selectNodes } from '../../../../transform/plan/select-nodes.ts'
import { compileFolder, makeFolder } from '../../../support/project.ts'

const original = join(import.meta.dirname, '../../../projects/selection')

const recorded = readFileSync(join(original, 'recorded-changes.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split('\t'))

/** File, text in it and what stands there now; without a text, it is put behind the rest. */
const changes: readonly (readonly [file: string, was: string, is: string])[] = [
  ['models/marts/core/orders.sql', '', '-- changed\n'],
  ['macros/is_good.sql', '{{ x }}', '{{ x }}+0'],
  ['seeds/codes.csv', '', '2,b\n'],
  ['models/schema.yml', 'latest_version: 2', 'latest_version: 3'],
  ['models/schema.yml', 'severity: warn, tags', 'severity: error, tags'],
  ['models/schema.yml', 'expect: {rows: []}', 'expect: {rows: [{id: 2}]}'],
  ['models/schema.yml', 'type: dashboard,', 'type: dashboard, label: Board,'],
  ['models/schema.yml', '  - name: raw\n', '  - name: raw\n    schema: raw2\n'],
  ['models/schema.yml', 'label: x, type', 'label: xx, type'],
  ['dbt_project.yml', '+tags: [nightly]', '+tags: [nightly, more]'],
  ['models/marts/inline.sql', "'ephemeral'", "'ephemeral', alias='inl'"],
  ['snapshots/orders_snap.yml', 'check_cols: all', 'check_cols: [id]'],
]

function change(folder: string): void {
  for (const [file, was, is] of changes) {
    const path = join(folder, file)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain(was)
    writeFileSync(path, was === '' ? text + is : text.replace(was, () => is))
  }
  writeFileSync(join(folder, 'models/fresh.sql'), 'select 1 as z\n')
  const moved = join(folder, 'models/moved/report.sql')
  mkdirSync(dirname(moved))
  renameSync(join(folder, 'models/marts/report.sql'), moved)
}

describe('after the same changes', () => {
  let now: Graph
  let manifest: unknown
  beforeAll(async () => {
    await using folder = await makeFolder()
    cpSync(original, folder.path, { recursive: true })
    const startedAt = '2026-01-01T00:00:00.000Z'
    const invocation = { id: '', startedAt, generatedAt: startedAt, environment: {} }
    const { graph: before } = await compileFolder(folder.path)
    manifest = JSON.parse(toArtifactText(manifestOf(before, { invocation })))
    change(folder.path)
    now = (await compileFolder(folder.path)).graph
  })

  it.each(recorded)('%s lists what dbt lists', (options = '', ids) => {
    const [, text = '', mode] = options.split(' ').filter((word) => !word.startsWith('--ind'))
    const { nodes } = selectNodes(
      now,
      {
        select: [text],
        exclude: [],
        indirectSelection: mode === 'cautious' ? mode : undefined,
        state: {
          previous: { manifest },
          manifestOf: (node) => manifestNode(node, now),
          now: Date.parse('2026-01-01'),
        },
      },
      commandFilter('ls'),
    )
    expect(nodes.map(({ id }) => id.replace('.shop.', '.')).join(' ')).toBe(ids)
  })
})
