import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hashOfPackages, readPackageList } from '../../../../transform/packages/read-list.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const render = (text: string) => text.replace(/\{\{ var\('v'\) \}\}/, '1.3.0')

async function read(files: Readonly<Record<string, string>>, isProject = true) {
  const folder = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return await readPackageList({ folder, shown: '', isProject }, render)
}

async function problemsOf(packages: string) {
  const { problems } = await read({ 'packages.yml': packages })
  return problems.map(({ code, message, at }) => `${code} ${at?.line ?? ''} ${message}`)
}

describe('the hash of a list', () => {
  // Recorded from dbt-core 1.12.6 (`_create_sha1_hash` over the parsed packages).
  it.each([
    ['packages: []', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    [
      'packages: [{package: dbt-labs/dbt_utils, version: 1.3.0}]',
      '226ae69cdfbc9367e2aa2c472b01f99dbce11de0',
    ],
    [
      'packages: [{git: "https://x/y.git", revision: 1234567}]',
      'a5a4f4356b00a9436a0bbf03cbf80b78d643a126',
    ],
    ['packages: [{git: "https://x/y.git"}]', 'f48a339deec875966716571e6eca5cf96910edd3'],
    ['packages: [{git: é, revision: 1e3}]', '5407c8076dcbfae59d471d48300a9325a6d74aff'],
    [
      'packages: [{package: a/b, version: 1.0.0, install_prerelease: true}]',
      'c3abe22411807d7e886d361b3a1ce2cce9664ba6',
    ],
    [
      'packages: [{package: a/b, version: "{{ var(\'v\') }}", name: zz}]',
      '033f7f4ab2e576340231c3e7811fcc8a66040ac6',
    ],
    [
      `packages:
  - package: dbt-labs/dbt_utils
    version: ['>=1.0.0','<2.0.0']
  - git: https://x/y.git
    revision: 1.10
    warn-unpinned: no
    subdirectory: a/b
  - local: ../x
  - tarball: https://h/t.tgz
    name: foo
`,
      'e579cb01804c8278b86b10cd4e402ec5c3ad8ad5',
    ],
  ])('is dbt’s: %s', async (text, expected) => {
    const { packages, problems } = await read({ 'packages.yml': text })
    expect(problems).toEqual([])
    expect(hashOfPackages(packages)).toBe(expected)
  })
})

describe('a list of packages', () => {
  it('gives entries of every kind, with templates rendered and the written address kept', async () => {
    const { packages, file } = await read({
      'packages.yml': `
packages:
  - {package: a/b, version: "{{ var('v') }}"}
  - {package: a/c, version: ">=1.0.0, <2.0.0", install-prerelease: true}
  - {git: "https://{{ var('v') }}/y.git", revision: 1.10, warn-unpinned: false, subdirectory: s}
  - {tarball: https://h/t.tgz, name: foo}
  - {local: ../x}
`,
    })
    expect(file).toBe('packages.yml')
    expect(packages.map(({ entry }) => entry)).toEqual([
      { kind: 'hub', package: 'a/b', versions: ['1.3.0'], prerelease: false },
      { kind: 'hub', package: 'a/c', versions: ['>=1.0.0', '<2.0.0'], prerelease: true },
      {
        kind: 'git',
        url: 'https://1.3.0/y.git',
        writtenUrl: "https://{{ var('v') }}/y.git",
        revision: '1.1',
        subdirectory: 's',
        warnUnpinned: false,
      },
      { kind: 'tarball', url: 'https://h/t.tgz', writtenUrl: 'https://h/t.tgz', name: 'foo' },
      { kind: 'local', path: '../x' },
    ])
    expect(packages[2]?.at).toEqual({ file: 'packages.yml', line: 5, column: 5 })
  })

  it('is read from dependencies.yml too, but not from both files', async () => {
    const list = 'packages: [{local: x}]\n'
    const projects = 'projects: [{name: other}]\n'
    const own = await read({ 'dependencies.yml': list + projects })
    expect([own.file, own.packages.length, own.problems]).toEqual(['dependencies.yml', 1, []])
    const mixed = await read({ 'dependencies.yml': projects, 'packages.yml': list })
    expect([mixed.file, mixed.packages.length]).toEqual(['packages.yml', 1])
    const both = await read({ 'dependencies.yml': list, 'packages.yml': list })
    expect(both.problems.map(({ code }) => code)).toEqual(['packages/two-lists'])
    const none = await read({})
    expect(none).toEqual({ file: 'packages.yml', packages: [], problems: [] })
  })

  it('renders dependencies.yml of a package, and refuses templates in that of the project', async () => {
    const files = { 'dependencies.yml': `packages: [{package: a/b, version: "{{ var('v') }}"}]` }
    const [first] = (await read(files, false)).packages
    expect(first?.entry).toMatchObject({ versions: ['1.3.0'] })
    const project = await read(files)
    expect(project.problems.map(({ code }) => code)).toEqual(['packages/template-in-dependencies'])
  })

  it('reports everything that is wrong, each with its place', async () => {
    const found = await problemsOf(`packages:
  - {package: a/b}
  - {package: b, version: 1.0.0}
  - {package: ../x, version: 1.0.0}
  - {git: ''}
  - {tarball: u}
  - {local: a, version: 1}
  - {private: org/repo}
  - {hub: a}
  - nonsense
`)
    expect(found).toEqual([
      'packages/bad-entry 2 In the list of packages, a/b needs a version:.',
      'packages/bad-entry 3 In the list of packages, b is no name of a hub package, such as dbt-labs/dbt_utils.',
      'packages/bad-entry 4 In the list of packages, ../x is no name of a hub package, such as dbt-labs/dbt_utils.',
      'packages/bad-entry 5 In the list of packages, git: has no value.',
      'packages/bad-entry 6 In the list of packages, name: has no value.',
      'packages/bad-entry 7 In the list of packages, an entry with local: has local, name, and not version.',
      'packages/private 8 The private package org/repo is resolved by the dbt platform, which knows how to reach it.',
      'packages/bad-entry 9 In the list of packages, hub has no package:, git:, tarball: or local:.',
      'packages/bad-entry 10 In the list of packages, an entry is a map of keys and values.',
    ])
    expect(await problemsOf('packages: {a: b}')).toEqual([
      'packages/bad-entry  In the list of packages, packages: must be a list.',
    ])
    expect(await problemsOf('packages: [')).toEqual([expect.stringMatching(/^model\/not-yaml 1/)])
  })
})
