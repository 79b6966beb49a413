/** Which folder a command works in. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { runCli } from '../../support/cli.ts'
import { makeFolder, writeProject } from '../../support/project.ts'

async function emptyFolder(): Promise<string> {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  return folder.path
}

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await emptyFolder()
  await writeProject(path, files)
  return path
}

const millrace = (cwd: string, ...args: readonly string[]) =>
  runCli(args, { cwd, env: { HOME: cwd, DBT_PROFILES_DIR: '', DBT_PROFILE: '' } })

it('finds the project from a folder below it', async () => {
  const path = await folderWith({
    'dbt_project.yml': 'name: shop\n',
    'models/staging/one.sql': 'select 1 as id',
  })
  const { code, stdout } = await millrace(join(path, 'models/staging'), 'ls')
  expect([code, stdout]).toEqual([0, 'shop.staging.one\n'])
})

it('names dbt_project.yml and the folder where there is no project, and ends with 2', async () => {
  const path = await emptyFolder()
  await mkdir(join(path, 'other'))
  for (const args of [['run'], ['clean'], ['deps'], ['run', '--project-dir', 'other']]) {
    const { code, stderr } = await millrace(path, ...args)
    const folder = args.includes('other') ? join(path, 'other') : path
    expect(stderr).toBe(`error[model/project-not-found]
  There is no dbt_project.yml in ${folder}.
  hint: name the folder of a project with --project-dir, or begin one with \`millrace init\`.
`)
    expect(code).toBe(2)
  }
})

it('says that --project-dir takes a folder', async () => {
  const path = await folderWith({ 'dbt_project.yml': 'name: shop\n' })
  const { code, stderr } = await millrace(path, 'ls', '--project-dir', 'dbt_project.yml')
  expect(stderr).toContain(
    '--project-dir dbt_project.yml is a file; name the folder that it is in.',
  )
  expect(code).toBe(2)
})
