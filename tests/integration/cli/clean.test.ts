/** What `clean` removes, and what it never touches. */
import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runCli } from '../../support/cli.ts'
import { makeFolder } from '../../support/project.ts'

/** A project in `<folder>/shop`, beside a folder `outside` with a file in it. */
async function project(settings: string) {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const path = join(folder.path, 'shop')
  for (const made of ['target', 'dbt_packages', 'models', '../outside']) {
    await mkdir(join(path, made), { recursive: true })
    await writeFile(join(path, made, 'file.txt'), 'x')
  }
  await writeFile(join(path, 'dbt_project.yml'), `name: shop\n${settings}\n`)
  const env = { DBT_TARGET_PATH: '', DBT_CLEAN_PROJECT_FILES_ONLY: '' }
  return {
    path,
    names: async () => (await readdir(path)).sort(),
    clean: (args: readonly string[] = [], more: Record<string, string> = {}) =>
      runCli(['clean', ...args], { cwd: path, env: { ...env, ...more } }),
    outside: () => readdir(join(folder.path, 'outside')).catch(() => []),
  }
}

describe('millrace clean', () => {
  it('removes clean-targets and says so, and is content when there is nothing', async () => {
    const { path, clean, names } = await project('clean-targets: [target, dbt_packages]')
    const { code, stdout, stderr } = await clean()
    expect(code, stderr).toBe(0)
    expect(stdout).toContain(`Cleaned ${join(path, 'target')}/*\n`)
    expect(stdout).toContain(`Cleaned ${join(path, 'dbt_packages')}/*\n`)
    expect(stdout).toMatch(/Finished cleaning all paths\.\n$/)
    expect(await names()).toEqual(['dbt_project.yml', 'models'])
    const again = await clean()
    expect(again.code).toBe(0)
    expect(again.stdout).not.toContain('Cleaned')
  })

  it('removes the target folder when nothing is said, as dbt does', async () => {
    const { clean, names } = await project('')
    expect((await clean()).code).toBe(0)
    expect(await names()).toEqual(['dbt_packages', 'dbt_project.yml', 'models'])
    const other = await project('')
    await other.clean(['--target-path', 'dbt_packages'])
    expect(await other.names()).toEqual(['dbt_project.yml', 'models', 'target'])
  })

  it('reads templates in clean-targets', async () => {
    const { clean, names } = await project(`clean-targets: ["{{ env_var('MADE') }}"]`)
    expect((await clean([], { MADE: 'target' })).code).toBe(0)
    expect(await names()).not.toContain('target')
  })

  it.each(['models', './models/', 'target/../models', 'seeds', 'tests', 'models/staging/..'])(
    'refuses %j and removes nothing',
    async (target) => {
      const { clean, names } = await project(`clean-targets: [target, "${target}"]`)
      const { code, stderr } = await clean()
      expect(code).toBe(2)
      expect(stderr).toMatch(/dbt will not clean the following source paths: .*\/shop\//)
      expect(await names()).toContain('target')
    },
  )

  it('refuses what is outside the project, unless it is told otherwise', async () => {
    const { clean, outside } = await project('clean-targets: [../outside]')
    const refused = await clean()
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/will not clean the following directories outside the project/)
    expect(await outside()).toEqual(['file.txt'])
    expect((await clean(['--no-clean-project-files-only'])).code).toBe(0)
    expect(await outside()).toEqual([])
  })

  it('never removes the project itself, or a folder around it', async () => {
    const { clean, names } = await project('clean-targets: ["..", .]\nmodel-paths: [../elsewhere]')
    const { code } = await clean(['--no-clean-project-files-only'])
    expect(code).toBe(2)
    expect(await names()).toContain('models')
  })

  it('does not follow a link out of the project', async () => {
    const { path, clean, outside } = await project('clean-targets: [linked, target]')
    await symlink('../outside', join(path, 'linked'))
    await symlink('../../outside', join(path, 'target', 'inner'))
    expect((await clean()).code).toBe(2)
    expect(await outside()).toEqual(['file.txt'])
    const only = await project('clean-targets: [target]')
    await symlink('../../outside', join(only.path, 'target', 'inner'))
    expect((await only.clean()).code).toBe(0)
    expect(await only.outside()).toEqual(['file.txt'])
  })

  it('refuses a link to the models', async () => {
    const { path, clean } = await project('clean-targets: [linked]')
    await symlink('models', join(path, 'linked'))
    expect((await clean()).stderr).toMatch(/source paths/)
    expect((await stat(join(path, 'models/file.txt'))).isFile()).toBe(true)
  })
})
