import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../../core/errors.ts'
import { openTestHub } from '../../../support/package-hub.ts'
import {
  gitRepository,
  install,
  packageProject,
  readLockText,
  writeFiles,
} from '../../../support/package-project.ts'
import { packageArchive } from '../../../support/tar.ts'

const hubPackages = {
  'org/a': {
    '1.0.0': {},
    '1.1.0': { packages: [{ package: 'org/b', version: ['>=0.1.0', '<0.3.0'] }] },
    '2.0.0': {},
    '3.0.0-rc1': {},
  },
  'org/b': { '0.1.0': {}, '0.2.0': {}, '0.3.0': {} },
  'org/c': { '1.0.0': { packages: [{ package: 'org/b', version: '<=0.1.0' }] } },
  'org/loop': { '1.0.0': { packages: [{ package: 'org/pool', version: '1.0.0' }] } },
  'org/pool': { '1.0.0': { packages: [{ package: 'org/loop', version: '1.0.0' }] } },
  'org/new': {
    '1.0.0': { requires: ['>=1.3.0', '<2.0.0'] },
    '2.0.0': { requires: ['>=2.0.0', '<3.0.0'] },
  },
} as const

const list = (...entries: readonly string[]) => ({
  'packages.yml': `packages:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`,
})

async function failureOf(work: Promise<unknown>): Promise<MillraceError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  const [first] = error instanceof AggregateError ? error.errors : [error]
  if (first instanceof MillraceError) return first
  throw first
}

describe('packages of the hub', () => {
  it('are resolved with what they need themselves, locked and installed', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject(list('{package: org/a, version: [">=1.0.0", "<2.0.0"]}'))
    const { installed, events } = await install(folder, { hubUrl: hub.url })
    expect(installed).toEqual(['org/a version 1.1.0', 'org/b version 0.2.0'])
    // The hash is dbt's of the same entry.
    expect(readLockText(folder)).toBe(`packages:
  - name: a
    package: org/a
    version: 1.1.0
  - name: b
    package: org/b
    version: 0.2.0
sha1_hash: 8a193ceed10a92493741c16e456dd2e6b9c761d5
`)
    const macro = readFileSync(join(folder, 'dbt_packages/a/macros/version.sql'), 'utf8')
    expect(macro).toContain('1.1.0')
    expect(readdirSync(folder).sort()).toEqual([
      'dbt_packages',
      'dbt_project.yml',
      'package-lock.yml',
      'packages.yml',
    ])
    const [a] = events.filter(({ kind }) => kind === 'installed')
    expect(a).toMatchObject({ package: 'org/a', version: '1.1.0', latest: '2.0.0' })
  })

  it('stay at the locked versions until the list changes or an upgrade is asked for', async () => {
    const folder = packageProject(list('{package: org/a, version: ">=1.0.0"}'))
    {
      const { '1.0.0': first } = hubPackages['org/a']
      await using early = await openTestHub({ 'org/a': { '1.0.0': first } })
      expect((await install(folder, { hubUrl: early.url })).fromLock).toBe(false)
    }
    await using hub = await openTestHub(hubPackages)
    const { url: hubUrl } = hub
    const locked = await install(folder, { hubUrl })
    expect([locked.installed, locked.fromLock]).toEqual([['org/a version 1.0.0'], true])
    const upgraded = await install(folder, { hubUrl, upgrade: true })
    expect(upgraded.installed).toEqual(['org/a version 2.0.0'])
    writeFiles(folder, list('{package: org/a, version: "<2.0.0"}'))
    const changed = await install(folder, { hubUrl })
    expect(changed.installed).toEqual(['org/a version 1.1.0', 'org/b version 0.2.0'])
    expect(changed.fromLock).toBe(false)
  })

  it('take the version that all who ask for them accept', async () => {
    await using hub = await openTestHub(hubPackages)
    const entries = ['{package: org/a, version: 1.1.0}', '{package: org/c, version: 1.0.0}']
    const { installed } = await install(packageProject(list(...entries)), { hubUrl: hub.url })
    expect(installed).toEqual(['org/a version 1.1.0', 'org/c version 1.0.0', 'org/b version 0.1.0'])
  })

  it('may list each other in a circle', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject(list('{package: org/loop, version: 1.0.0}'))
    const { installed } = await install(folder, { hubUrl: hub.url })
    expect(installed).toEqual(['org/loop version 1.0.0', 'org/pool version 1.0.0'])
  })

  it('come as prereleases only when that is said', async () => {
    await using hub = await openTestHub(hubPackages)
    const entry = '{package: org/a, version: ">=2.0.0", install_prerelease: true}'
    const early = await install(packageProject(list(entry)), { hubUrl: hub.url })
    expect(early.installed).toEqual(['org/a version 3.0.0-rc1'])
    const exact = '{package: org/a, version: 3.0.0-rc1}'
    const named = await install(packageProject(list(exact)), { hubUrl: hub.url })
    expect(named.installed).toEqual(['org/a version 3.0.0-rc1'])
  })

  it('are chosen for dbt 1 while there is a version for it', async () => {
    await using hub = await openTestHub(hubPackages)
    const choose = async (version: string) => {
      const folder = packageProject(list(`{package: org/new, version: "${version}"}`))
      return (await install(folder, { hubUrl: hub.url })).installed
    }
    expect(await choose('>=1.0.0')).toEqual(['org/new version 1.0.0'])
    expect(await choose('>=2.0.0')).toEqual(['org/new version 2.0.0'])
  })

  it('that contradict each other are told with who asked', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject(
      list('{package: org/a, version: 1.1.0}', '{package: org/b, version: ">=0.3.0"}'),
    )
    const error = await failureOf(install(folder, { hubUrl: hub.url }))
    expect(error.code).toBe('packages/conflict')
    expect(error.message).toBe(
      'Nothing can satisfy all who ask for org/b: shop wants >=0.3.0; a wants >=0.1.0, <0.3.0.',
    )
    expect(readdirSync(folder).sort()).toEqual(['dbt_project.yml', 'packages.yml'])
  })

  it('that are not there are told with what there is', async () => {
    await using hub = await openTestHub(hubPackages)
    const fail = (entry: string) =>
      failureOf(install(packageProject(list(entry)), { hubUrl: hub.url }))
    const version = await fail('{package: org/b, version: 9.0.0}')
    expect(version.message).toBe('No version of org/b fits =9.0.0; there are 0.1.0, 0.2.0, 0.3.0.')
    const name = await fail('{package: orq/b, version: 1.0.0}')
    expect([name.code, name.hint]).toEqual(['packages/not-in-hub', 'did you mean org/b?'])
    const word = await fail('{package: org/b, version: newest}')
    expect(word.message).toContain('"newest" is no version')
    expect(word.at).toMatchObject({ file: 'packages.yml', line: 2 })
  })

  it('cannot read our environment by what they list', async () => {
    const listed = [{ git: `http://127.0.0.1:9/{{ env_var('PATH') }}`, revision: 'v1' }]
    await using hub = await openTestHub({ 'org/spy': { '1.0.0': { packages: listed } } })
    const folder = packageProject(list('{package: org/spy, version: 1.0.0}'))
    const error = await failureOf(install(folder, { hubUrl: hub.url }))
    expect(error.message).toContain(`fetch http://127.0.0.1:9/{{ env_var('PATH') }}`)
  })

  it('that moved are told with their new name', async () => {
    await using hub = await openTestHub(hubPackages)
    hub.intercept = (path, answer) => {
      if (path !== '/api/v1/org/b.json') return false
      const versions = {
        '1.0.0': {
          name: 'b',
          packages: [],
          downloads: { tarball: `${hub.url}archives/b/0.1.0.tar.gz` },
        },
      }
      answer.end(JSON.stringify({ name: 'b', namespace: 'org', redirectname: 'bee', versions }))
      return true
    }
    const folder = packageProject(list('{package: org/b, version: 1.0.0}'))
    const { events } = await install(folder, { hubUrl: hub.url })
    expect(events).toContainEqual({ kind: 'moved', package: 'org/b', to: 'org/bee' })
  })
})

describe('packages from elsewhere', () => {
  it('come from folders, repositories and archives, with templates in the values', async () => {
    await using hub = await openTestHub(hubPackages)
    const repository = gitRepository({
      'dbt_project.yml': 'name: from_git\n',
      'sub/dbt_project.yml': 'name: from_sub\n',
    })
    repository.git('tag', 'v1')
    repository.commit('second', { 'later.txt': '' })
    const folder = packageProject({
      ...list(
        '{local: kit}',
        `{git: "{{ env_var('REPOSITORY') }}", revision: v1}`,
        `{git: "${repository.url}", revision: main, subdirectory: sub}`,
        `{tarball: "${hub.url}archives/b/0.2.0.tar.gz", name: from_tar}`,
      ),
      'kit/dbt_project.yml': 'name: kit\n',
      'kit/packages.yml': 'packages: [{local: ../other}]\n',
      'other/dbt_project.yml': 'name: other\n',
    })
    const environment = { REPOSITORY: repository.url }
    const { installed, events } = await install(folder, { environment })
    const second = repository.git('rev-parse', 'HEAD')
    // `../other` is only there when it is taken from kit; dbt would look beside the project.
    expect(installed).toEqual([
      'kit <local @ kit>',
      `${repository.url} revision ${repository.first}`,
      `${repository.url}/sub revision ${second}`,
      `from_tar tarball (url: ${hub.url}archives/b/0.2.0.tar.gz)`,
      'other <local @ other>',
    ])
    expect(events).toContainEqual({ kind: 'unpinned', url: repository.url, revision: 'main' })
    expect(readdirSync(join(folder, 'dbt_packages')).sort()).toEqual([
      '.package-lock.yml',
      'from_git',
      'from_sub',
      'from_tar',
      'kit',
      'other',
    ])
    expect(readlinkSync(join(folder, 'dbt_packages/kit'))).toBe('../kit')
    expect(readdirSync(join(folder, 'dbt_packages/from_git')).sort()).toEqual([
      'dbt_project.yml',
      'sub',
    ])
    expect(readLockText(folder)).toContain(
      `- git: '{{ env_var(''REPOSITORY'') }}'\n    name: from_git`,
    )
    const again = await install(folder, { environment })
    expect([again.installed, again.fromLock]).toEqual([installed, true])
  })

  it('are refused when two are the same project, or one is the project itself', async () => {
    await using hub = await openTestHub(hubPackages)
    const tarball = `{tarball: "${hub.url}archives/b/0.2.0.tar.gz", name: b}`
    const twice = packageProject(list('{package: org/b, version: 0.1.0}', tarball))
    const duplicate = await failureOf(install(twice, { hubUrl: hub.url }))
    expect(duplicate.code).toBe('packages/duplicate-project')
    expect(duplicate.message).toContain('org/b and b are both the project b')
    const self = { ...list('{local: copy}'), 'copy/dbt_project.yml': 'name: shop\n' }
    expect((await failureOf(install(packageProject(self)))).code).toBe('packages/same-as-root')
  })

  it('of one repository must agree on the revision', async () => {
    const { url } = gitRepository({ 'dbt_project.yml': 'name: from_git\n' })
    const entries = [`{git: "${url}", revision: v1}`, `{git: "${url}.git", revision: v2}`]
    const error = await failureOf(install(packageProject(list(...entries))))
    expect(error.message).toBe(
      `Nothing can satisfy all who ask for ${url}: shop wants v1; shop wants v2.`,
    )
  })

  it('are refused when they are no packages', async () => {
    await using hub = await openTestHub({
      'org/evil': {
        '1.0.0': { archive: packageArchive('..', { 'dbt_project.yml': 'name: evil' }) },
      },
    })
    const code = async (entry: string, files = {}) =>
      (await failureOf(install(packageProject({ ...list(entry), ...files }), { hubUrl: hub.url })))
        .code
    expect(await code('{local: nowhere}')).toBe('packages/no-project')
    expect(await code('{local: x}', { 'x/dbt_project.yml': 'name: ../up\n' })).toBe(
      'packages/no-project',
    )
    expect(await code('{local: x}', { 'x/dbt_project.yml': 'a: [' })).toBe('model/not-yaml')
    expect(await code('{package: org/evil, version: 1.0.0}')).toBe('packages/bad-archive')
    expect(await code(`{tarball: "${hub.url}none.tar.gz", name: t}`)).toBe('packages/absent')
    expect(await code(`{tarball: "${hub.url}archives/evil/1.0.0.tar.gz", name: ../t}`)).toBe(
      'packages/no-project',
    )
    expect(await code('{tarball: "ftp://x/t.tar.gz", name: t}')).toBe('packages/bad-entry')
  })
})

describe('what is written', () => {
  it('is nothing for a plan, and only the lock file when that is asked for', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject(list('{package: org/b, version: 0.1.0}'))
    const before = readdirSync(folder)
    const plan = await install(folder, { hubUrl: hub.url, only: 'plan' })
    expect(plan.installed).toEqual(['org/b version 0.1.0'])
    expect(readdirSync(folder)).toEqual(before)
    await install(folder, { hubUrl: hub.url, only: 'lock' })
    expect(readdirSync(folder)).toEqual([...before, 'package-lock.yml'].sort())
  })

  it('is nothing without a list, and what stands in the folder stays', async () => {
    const folder = packageProject({ 'dbt_packages/own/dbt_project.yml': 'name: own\n' })
    const { events, packages } = await install(folder)
    expect([events, packages]).toEqual([[{ kind: 'nothing-listed' }], []])
    expect(existsSync(join(folder, 'dbt_packages/own/dbt_project.yml'))).toBe(true)
  })

  it('goes to the folder that the project names', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject({
      ...list('{package: org/b, version: 0.1.0}', '{local: kit}'),
      'kit/dbt_project.yml': 'name: kit\n',
    })
    await install(folder, { hubUrl: hub.url, packagesPath: 'vendor/dbt' })
    expect(readdirSync(join(folder, 'vendor/dbt/b'))).toContain('dbt_project.yml')
    expect(readdirSync(join(folder, 'vendor/dbt/kit/'))).toEqual(['dbt_project.yml'])
  })

  it('takes the place of what was there, also when nothing but a broken link was', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject({
      ...list('{package: org/b, version: 0.1.0}'),
      'dbt_packages/old/dbt_project.yml': 'name: old\n',
    })
    const installed = join(folder, 'dbt_packages')
    await install(folder, { hubUrl: hub.url })
    expect(readdirSync(installed)).toEqual(['.package-lock.yml', 'b'])
    rmSync(installed, { recursive: true })
    symlinkSync('nowhere', installed)
    await install(folder, { hubUrl: hub.url })
    expect(readdirSync(installed)).toEqual(['.package-lock.yml', 'b'])
  })

  it('never takes the place of anything but packages', async () => {
    const beside = writeFiles(packageProject({}), { 'one/dbt_project.yml': 'name: one\n' })
    const one = join(beside, 'one')
    const folder = packageProject({ ...list(`{local: "${one}"}`), 'models/a.sql': 'select 1' })
    const refused = [
      ['.', 'the project itself stands in it'],
      ['..', 'the project itself stands in it'],
      ['models', 'a.sql in it is no package'],
      [beside, `the local package ${one} stands in it`],
    ] as const
    for (const [packagesPath, reason] of refused) {
      const error = await failureOf(install(folder, { packagesPath }))
      expect([error.code, error.message]).toEqual([
        'packages/unsafe-folder',
        `The packages would take the place of all that is in ${packagesPath}, and ${reason}.`,
      ])
    }
    expect(readdirSync(folder).sort()).toEqual(['dbt_project.yml', 'models', 'packages.yml'])
    expect(readdirSync(join(folder, 'models'))).toEqual(['a.sql'])
    expect(existsSync(join(one, 'dbt_project.yml'))).toBe(true)
  })

  it('is told about when it cannot be written', async () => {
    const folder = packageProject({ ...list('{local: kit}'), 'kit/dbt_project.yml': 'name: kit\n' })
    const error = await failureOf(install(folder, { packagesPath: 'packages.yml/packages' }))
    expect(error.code).toBe('packages/cannot-install')
  })

  it('never holds a secret, not even one that was written into the list itself', async () => {
    const { path } = gitRepository({ 'dbt_project.yml': 'name: from_git\n' })
    const secret = path.split('/').at(-1) ?? ''
    const folder = packageProject(list(`{git: "file://${path}", revision: main}`))
    const { events } = await install(folder, { environment: { DBT_ENV_SECRET_X: secret } })
    expect(readLockText(folder)).toContain(`git: file://${path.replace(secret, '*****')}\n`)
    expect(events.map(({ kind }) => kind)).toContain('scrubbed')
    expect(JSON.stringify(events)).not.toContain(secret)
  })

  it('refuses a lock file that it cannot read and says how to get a new one', async () => {
    const folder = packageProject(list('{package: org/b, version: 0.1.0}'))
    writeFileSync(join(folder, 'package-lock.yml'), 'packages: [{hub: x}]\n')
    const error = await failureOf(install(folder))
    expect([error.code, error.hint]).toEqual([
      'packages/bad-lock',
      '`millrace deps --upgrade` writes it anew.',
    ])
  })
})
