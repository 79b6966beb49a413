import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli, startCli } from '../../../support/cli.ts'
import { openTestHub, type TestHub } from '../../../support/package-hub.ts'
import { gitRepository, packageProject, writeFiles } from '../../../support/package-project.ts'

const hubPackages = {
  'org/a': {
    '1.0.0': { packages: [{ package: 'org/b', version: '1.0.0' }] },
    '2.0.0': { packages: [{ package: 'org/b', version: '2.0.0' }] },
  },
  'org/b': { '1.0.0': {}, '2.0.0': {} },
} as const

const listOf = (version: string) => ({
  'packages.yml': `# ours\npackages:\n  - package: org/a # the tools\n    version: "${version}"\n`,
})

function start(folder: string, hub: TestHub, ...args: readonly string[]) {
  const env = { DBT_PACKAGE_HUB_URL: hub.url, DBT_ENV_SECRET_TOKEN: 'hunter2' }
  return startCli(['deps', '--project-dir', folder, ...args], { env })
}

async function deps(folder: string, hub: TestHub, ...args: readonly string[]) {
  const { code, stdout, stderr } = await start(folder, hub, ...args).finished
  const lines = stdout.replaceAll(/^\d\d:\d\d:\d\d {2}/gm, '').replaceAll(folder, '…')
  return { code, lines: lines.split('\n').filter((line) => line !== ''), stderr }
}

/** Versions of what is installed, by what the files themselves say. */
function installedVersions(folder: string): string[] {
  return ['a', 'b'].map((name) => {
    const text = readFileSync(join(folder, `dbt_packages/${name}/macros/version.sql`), 'utf8')
    return /\d\.\d\.\d/.exec(text)?.[0] ?? ''
  })
}

describe('millrace deps', () => {
  it('prints what dbt prints', async () => {
    await using hub = await openTestHub(hubPackages)
    const { url } = gitRepository({ 'sub/dbt_project.yml': 'name: sub\n' })
    const folder = packageProject({
      'packages.yml': `
packages:
  - {package: org/a, version: 1.0.0}
  - {git: "${url}", subdirectory: sub}
  - {local: kit}
`,
      'kit/dbt_project.yml': 'name: kit\n',
    })
    const first = await deps(folder, hub)
    expect(first.code).toBe(0)
    expect(first.lines.map((line) => line.replace(/[0-9a-f]{40}/, '<commit>'))).toEqual([
      `[WARNING]: The git package "${url}" `,
      '\tis not pinned, using HEAD (default branch).',
      '\tThis can introduce breaking changes into your project without warning!',
      'Updating lock file in file path: …/package-lock.yml',
      'Installing org/a',
      'Installed from version 1.0.0',
      'Updated version available: 2.0.0',
      `Installing ${url}/sub`,
      'Installed from revision <commit>',
      'and subdirectory sub',
      'Installing kit',
      'Installed from <local @ kit>',
      'Installing org/b',
      'Installed from version 1.0.0',
      'Updated version available: 2.0.0',
      `Updates available for packages: ['org/a', 'org/b']`,
      'Update your versions in packages.yml, then run millrace deps --upgrade',
    ])
    const plan = await deps(folder, hub, '--dry-run')
    expect(plan.lines.at(0)).toBe('Would install org/a from version 1.0.0')
    expect(plan.lines.at(-1)).toBe('Nothing was changed; the versions come from package-lock.yml.')
    expect((await deps(packageProject({}), hub)).lines).toEqual([
      'Warning: No packages were found in packages.yml',
    ])
  })

  it('adds a package in place of what was listed of it, and keeps comments', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject(listOf('1.0.0'))
    const { code, lines } = await deps(
      folder,
      hub,
      '--add-package',
      'org/b@>=1.0.0,<2.0.0',
      '--lock',
    )
    expect([code, lines]).toEqual([
      0,
      [
        'Added new package org/b@>=1.0.0,<2.0.0 to …/packages.yml',
        'Updating lock file in file path: …/package-lock.yml',
      ],
    ])
    const again = await deps(folder, hub, '--add-package', 'org/a@2.0.0', '--dry-run')
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('--dry-run does not')])
    const conflict = await deps(folder, hub, '--add-package', 'org/a@2.0.0', '--lock')
    expect(conflict.lines).toEqual([
      `Found duplicate package in packages.yml, removing: {'package': 'org/a', 'version': '1.0.0'}`,
      'Added new package org/a@2.0.0 to …/packages.yml',
    ])
    expect(conflict.stderr).toContain('shop wants >=1.0.0, <2.0.0; a wants 2.0.0')
    expect(readFileSync(join(folder, 'packages.yml'), 'utf8')).toBe(`# ours
packages:
  - package: org/b
    version:
      - ">=1.0.0"
      - <2.0.0
  - package: org/a
    version: 2.0.0
`)
    const noVersion = await deps(folder, hub, '--add-package', 'org/a')
    expect([noVersion.code, noVersion.stderr]).toEqual([
      2,
      expect.stringContaining('needs a version'),
    ])
  })

  it('shows no secret, whatever fails', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject({
      'packages.yml': `packages:
  - git: "https://{{ env_var('DBT_ENV_SECRET_TOKEN') }}@127.0.0.1:1/r.git"
    revision: v1
`,
    })
    const { code, stderr, lines } = await deps(folder, hub)
    expect([code, stderr]).toEqual([3, expect.stringContaining('error[packages/git-failed]')])
    expect(stderr + lines).not.toContain('hunter2')
    const parsed = await runCli(['ls', '--project-dir', folder])
    expect(parsed.stderr).toContain('error[model/missing-package] packages.yml:2:5')
    expect(parsed.stderr).toContain('millrace deps')
  })
})

describe('an installation that is stopped', () => {
  it('by kill -9 leaves the packages as they were, and the next one cleans up', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject(listOf('1.0.0'))
    expect((await deps(folder, hub)).code).toBe(0)
    const lock = readFileSync(join(folder, 'package-lock.yml'), 'utf8')
    writeFiles(folder, listOf('2.0.0'))
    const { promise: isInTheMiddle, resolve } = Promise.withResolvers<void>()
    hub.intercept = (path) => {
      if (!path.includes('archives/b')) return false
      resolve()
      return true // and never an answer
    }
    const running = start(folder, hub)
    await isInTheMiddle
    running.process.kill('SIGKILL')
    await running.finished
    expect(installedVersions(folder)).toEqual(['1.0.0', '1.0.0'])
    expect(readFileSync(join(folder, 'package-lock.yml'), 'utf8')).toBe(lock)
    expect(readdirSync(folder).filter((name) => name.startsWith('.')).length).toBe(1)
    hub.intercept = () => false
    expect((await deps(folder, hub)).code).toBe(0)
    expect(installedVersions(folder)).toEqual(['2.0.0', '2.0.0'])
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('by kill -9 at any moment never leaves a mixture', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject(listOf('1.0.0'))
    expect((await deps(folder, hub)).code).toBe(0)
    for (let round = 0; round < 8; round++) {
      writeFiles(folder, listOf(round % 2 === 0 ? '2.0.0' : '1.0.0'))
      const asked = hub.requests.length
      const running = start(folder, hub)
      await expect
        .poll(() => hub.requests.length, { timeout: 60_000 })
        .toBeGreaterThan(asked + (round % 4))
      await new Promise((resolve) => setTimeout(resolve, round * 3))
      running.process.kill('SIGKILL')
      await running.finished
      if (!existsSync(join(folder, 'dbt_packages'))) await deps(folder, hub, '--dry-run')
      const [a, b] = installedVersions(folder)
      expect(a).toBe(b)
    }
  })

  it('between moving the old folder away and the new one in is mended by the next', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject(listOf('1.0.0'))
    expect((await deps(folder, hub)).code).toBe(0)
    const dead = startCli(['--version'])
    await dead.finished
    const workshop = join(folder, `.dbt_packages.new-${dead.process.pid}`)
    mkdirSync(workshop)
    renameSync(join(folder, 'dbt_packages'), join(workshop, 'replaced'))
    expect((await deps(folder, hub, '--dry-run')).code).toBe(0)
    expect(installedVersions(folder)).toEqual(['1.0.0', '1.0.0'])
    expect(existsSync(workshop)).toBe(false)
  })

  it('by Ctrl-C ends at once, says so and leaves nothing beside', async () => {
    await using hub = await openTestHub(hubPackages)
    const folder = packageProject(listOf('1.0.0'))
    const { promise: isInTheMiddle, resolve } = Promise.withResolvers<void>()
    hub.intercept = (path) => {
      if (!path.includes('archives/b')) return false
      resolve()
      return true
    }
    const running = start(folder, hub)
    await isInTheMiddle
    running.process.kill('SIGINT')
    const { code, stderr } = await running.finished
    expect([code, stderr]).toEqual([3, expect.stringContaining('error[cli/interrupted]')])
    expect(readdirSync(folder).sort()).toEqual(['dbt_project.yml', 'packages.yml'])
  })
})
