import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadProject } from '../../../../transform/project/load-project.ts'
import { openTestHub } from '../../../support/package-hub.ts'
import {
  type Files,
  gitRepository,
  install,
  packageProject,
  writeFiles,
} from '../../../support/package-project.ts'

const hubPackages = {
  'org/a': {
    '1.0.0': { packages: [{ package: 'org/b', version: '1.0.0' }] },
    '2.0.0': {},
  },
  'org/b': { '1.0.0': {} },
} as const

async function load(folder: string) {
  const { problems, warnings, packages } = await loadProject(folder)
  const shown = (list: typeof problems) =>
    list.map(({ code, message, at }) => `${code} ${at?.file}:${at?.line} ${message}`)
  return {
    problems: shown(problems),
    warnings: shown(warnings),
    packages: packages.map(({ name }) => name).sort(),
  }
}

const missing = (name: string, at: string) =>
  `model/missing-package ${at} The package ${name} is not in dbt_packages.`

const folderOf = (name: string): Files => ({
  [`dbt_packages/${name}/dbt_project.yml`]: `name: ${name}\n`,
})

describe('a project whose packages are all there', () => {
  it('is read without anything from outside, from a folder that was copied', async () => {
    const { url } = gitRepository({ 'dbt_project.yml': 'name: from_git\n' })
    const files = {
      'packages.yml': `packages: [{package: org/a, version: 1.0.0}, {git: "${url}", revision: main}]\n`,
    }
    const built = packageProject(files)
    {
      await using hub = await openTestHub(hubPackages)
      await install(built, { hubUrl: hub.url })
    }
    const copy = packageProject(files)
    cpSync(join(built, 'dbt_packages'), join(copy, 'dbt_packages'), { recursive: true })
    const all = { problems: [], warnings: [], packages: ['a', 'b', 'from_git'] }
    expect(await load(copy)).toEqual(all)
    cpSync(join(built, 'package-lock.yml'), join(copy, 'package-lock.yml'))
    expect(await load(copy)).toEqual(all)
  })

  it('is warned when what is installed is not what the lock file says', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject({
      'packages.yml': 'packages: [{package: org/a, version: 1.0.0}]\n',
    })
    await install(folder, { hubUrl: hub.url })
    writeFiles(folder, { 'packages.yml': 'packages: [{package: org/a, version: 2.0.0}]\n' })
    await install(folder, { hubUrl: hub.url, only: 'lock' })
    expect((await load(folder)).warnings).toEqual([
      'packages/version-differs package-lock.yml:2 The package a is installed as 1.0.0, and package-lock.yml says 2.0.0.',
    ])
  })
})

describe('a package that is listed and not there', () => {
  it('is a problem where it is listed', async () => {
    const { problems } = await load(
      packageProject({
        'packages.yml': `packages:
  - {package: org/a, version: 1.0.0}
  - {package: org/here, version: 1.0.0}
  - {tarball: "https://h/t.tgz", name: from_tar}
  - {git: "https://token@h/r.git"}
  - {local: kit}
`,
        'kit/dbt_project.yml': 'name: kit\n',
        'kit/packages.yml': 'packages: [{package: org/of_kit, version: 1.0.0}]\n',
        ...folderOf('here'),
      }),
    )
    expect(problems).toEqual([
      missing('org/a', 'packages.yml:2'),
      missing('from_tar', 'packages.yml:4'),
      missing('org/of_kit', 'kit/packages.yml:1'),
      missing('https://[redacted]@h/r.git', 'packages.yml:5'),
    ])
  })

  it('is a problem where only the lock file names it', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject({
      'packages.yml': 'packages: [{package: org/a, version: 1.0.0}]\n',
    })
    await install(folder, { hubUrl: hub.url })
    rmSync(join(folder, 'dbt_packages/b'), { recursive: true })
    expect((await load(folder)).problems).toEqual([missing('b', 'package-lock.yml:5')])
  })

  it('is looked for as the lock file has it when the list holds templates', async () => {
    const lock = `packages:
  - {name: a, package: org/a, version: 1.0.0}
  - {name: b, package: org/b, version: 1.0.0}
sha1_hash: unknown
`
    const files = {
      'packages.yml': `packages: [{package: "{{ env_var('ORG') }}/a", version: 1.0.0}]\n`,
      ...folderOf('a'),
    }
    expect((await load(packageProject(files))).problems).toEqual([])
    const locked = packageProject({ ...files, 'package-lock.yml': lock })
    expect((await load(locked)).problems).toEqual([missing('b', 'package-lock.yml:3')])
  })

  it('is found under the name of its folder, which the entry of an archive chooses', async () => {
    const files = {
      'packages.yml': 'packages: [{tarball: "https://h/t.tgz", name: mine}]\n',
      'dbt_packages/mine/dbt_project.yml': 'name: theirs\n',
    }
    expect((await load(packageProject(files))).problems).toEqual([])
  })

  it('is no matter of a lock file that was made from another list', async () => {
    const lock = 'packages: [{name: gone, package: org/gone, version: 1.0.0}]\nsha1_hash: other\n'
    const files = {
      'packages.yml': 'packages: [{package: org/a, version: 1.0.0}]\n',
      'package-lock.yml': lock,
      ...folderOf('a'),
    }
    expect((await load(packageProject(files))).problems).toEqual([])
    const broken = packageProject({ ...files, 'package-lock.yml': 'packages: 1\n' })
    expect((await load(broken)).problems).toEqual([
      expect.stringContaining('packages/bad-lock package-lock.yml:'),
    ])
  })

  it('is nothing to a project without a list, whatever stands in the folder', async () => {
    const folder = packageProject(folderOf('own'))
    mkdirSync(join(folder, 'dbt_packages/.hidden'), { recursive: true })
    expect((await load(folder)).packages).toEqual(['own'])
  })
})
