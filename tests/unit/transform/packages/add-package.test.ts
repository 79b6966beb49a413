import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  addPackage,
  type NewPackage,
  parseNewPackage,
} from '../../../../transform/packages/add-package.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

async function add(text: string | undefined, added: NewPackage) {
  const folder = temporaryDirectory()
  const file = join(folder, 'packages.yml')
  if (text !== undefined) writeFileSync(file, text)
  const { removed, isNewFile } = await addPackage(folder, 'packages.yml', added)
  return { text: readFileSync(file, 'utf8'), removed, isNewFile }
}

const hub = (name: string, version = '1.0.0'): NewPackage => ({ source: 'hub', name, version })

describe('what --add-package names', () => {
  it.each([
    ['org/a@1.0.0', 'hub', 'org/a', '1.0.0'],
    ['org/a@>=1.0.0,<2.0.0', 'hub', 'org/a', '>=1.0.0,<2.0.0'],
    ['org/a', 'hub', 'org/a', undefined],
    ['org/a@', 'hub', 'org/a', undefined],
    ['https://h/o/r.git@v1', 'git', 'https://h/o/r.git', 'v1'],
    ['https://h/o/r.git@feature/x', 'git', 'https://h/o/r.git', 'feature/x'],
    ['https://me@h/o/r.git@v1', 'git', 'https://me@h/o/r.git', 'v1'],
    ['https://me@h/o/r.git', 'git', 'https://me@h/o/r.git', undefined],
    ['git@h:o/r.git', 'git', 'git@h:o/r.git', undefined],
    ['git@h:o/r.git@v1', 'git', 'git@h:o/r.git', 'v1'],
    ['../a@b', 'local', '../a@b', undefined],
  ] as const)('is read: %s from %s', (text, source, name, version) => {
    expect(parseNewPackage(text, source)).toEqual({ source, name, version })
  })
})

describe('adding a package', () => {
  it('makes the file when there is none, and a list where none is yet', async () => {
    const expected = 'packages:\n  - package: org/a\n    version: 1.0.0\n'
    expect(await add(undefined, hub('org/a'))).toEqual({
      text: expected,
      removed: [],
      isNewFile: true,
    })
    expect((await add('packages: []\n', hub('org/a'))).text).toBe(expected)
    expect((await add('# none yet\n', hub('org/a'))).text).toBe(`# none yet\n${expected}`)
    expect((await add('other: 1\n', hub('org/a'))).text).toBe(`other: 1\n${expected}`)
    expect((await add('packages:\n', hub('org/a'))).text).toBe(expected)
  })

  it('writes repositories, folders and several bounds in their own keys', async () => {
    const git: NewPackage = { source: 'git', name: 'https://h/r.git', version: 'v1' }
    expect((await add(undefined, git)).text).toContain('- git: https://h/r.git\n    revision: v1')
    const local: NewPackage = { source: 'local', name: '../kit', version: undefined }
    expect((await add(undefined, local)).text).toBe('packages:\n  - local: ../kit\n')
    const range = hub('org/a', '>=1.0.0,<2.0.0')
    expect((await add(undefined, range)).text).toContain('- ">=1.0.0"\n      - <2.0.0\n')
  })

  it('takes what is listed of it out, under any of its names, and nothing else', async () => {
    const list = `packages:
  - {package: org/dbt_utils, version: 1.0.0}
  - {git: https://h/dbt-utils.git}
  - {package: org/dbt_utils_more, version: 1.0.0}
  - {local: ../dbt-utils}
  - {tarball: https://h/x.tgz, name: x}
`
    const { removed, text } = await add(list, hub('org/dbt_utils', '2.0.0'))
    expect(removed).toEqual([
      { package: 'org/dbt_utils', version: '1.0.0' },
      { git: 'https://h/dbt-utils.git' },
      { local: '../dbt-utils' },
    ])
    expect(text.match(/package: .*|tarball: .*/g)).toEqual([
      'package: org/dbt_utils_more, version: 1.0.0 }',
      'tarball: https://h/x.tgz, name: x }',
      'package: org/dbt_utils',
    ])
  })

  it('refuses a file that is no list of packages', async () => {
    await expect(add('packages: {a: b}\n', hub('org/a'))).rejects.toThrow('must be a list')
    await expect(add('- a\n', hub('org/a'))).rejects.toThrow('must be a list')
    await expect(add('packages: [\n', hub('org/a'))).rejects.toThrow('not valid YAML')
  })
})
