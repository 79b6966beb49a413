/** The npm package as a stranger gets it: packed, installed in an empty folder, a small project built there. */
import { execFile } from 'node:child_process'
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { repository } from '../support/api.ts'
import { cacheDir } from '../support/extension-directory.ts'

const run = promisify(execFile)

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
  await run('npm', ['pack', '--pack-destination', folder], { cwd: repository })
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  writeFileSync(join(folder, 'package.json'), '{"private": true}')
  await run('npm', ['install', '--no-save', '--ignore-scripts', `./${tarball}`], { cwd: folder })
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const files = {
  'millrace.yml': `name: shop
targets:
  local:
    services: external
    lake: {catalog: sqlite, catalog_path: lake.sqlite, data_path: data}
`,
  'dbt_project.yml': 'name: shop\nversion: "1.0"\nmodels:\n  shop:\n    +materialized: table\n',
  'seeds/fruits.csv': 'id,name\n1,apple\n2,pear\n',
  'models/ripe.sql': "select id, upper(name) as name from {{ ref('fruits') }}\n",
  'models/ripe.yml': `version: 2
models:
  - name: ripe
    columns:
      - name: id
        data_tests: [not_null, unique]
`,
}

async function millrace(...args: string[]): Promise<string> {
  const bin = join(folder, 'node_modules/.bin/millrace')
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: folder }
  const { stdout } = await run(bin, args, {
    cwd: folder,
    env: { ...env, MILLRACE_CACHE_DIR: cacheDir },
  })
  return stdout
}

it('builds a project in an empty folder and answers SQL about it', async () => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  expect(await millrace('--version')).toMatch(/^\d+\.\d+\.\d+/)
  expect(await millrace('build')).toContain('ripe')
  const rows = await millrace('sql', 'select name from ripe order by 1', '--format', 'csv')
  expect(rows).toBe('name\nAPPLE\nPEAR\n')
})

it('ships compiled code only', () => {
  const shipped = readdirSync(join(folder, 'node_modules/millrace'))
  expect(shipped.sort()).toEqual(['README.md', 'dist', 'package.json'])
})

it('brings the image of the model along: what trains, what serves, what installs it', () => {
  const image = join(folder, 'node_modules/millrace/dist/ml/image')
  const files = readdirSync(image, { recursive: true, encoding: 'utf8' })
  expect(files).toEqual(
    expect.arrayContaining(['install.sh', 'requirements.txt', 'purchase_model']),
  )
  expect(files.filter((file) => /^tests|cache/.test(file))).toEqual([])
  for (const program of ['train', 'serve']) accessSync(join(image, 'bin', program), constants.X_OK)
})
