import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { explainProjectDir, findProject, requireProject } from '../../../cli/find-project.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

function folderWith(...files: readonly string[]): string {
  const folder = temporaryDirectory()
  mkdirSync(join(folder, 'models/staging'), { recursive: true })
  for (const file of files) writeFileSync(join(folder, file), '')
  return folder
}

describe('findProject', () => {
  it('is the nearest folder above that holds a project, as in dbt', () => {
    const folder = folderWith('dbt_project.yml')
    expect(findProject(folder)).toBe('.')
    expect(findProject(join(folder, 'models/staging'))).toBe(folder)
  })

  it('does not leave a folder with a millrace.yml for a project above it', () => {
    const folder = folderWith('dbt_project.yml', 'models/millrace.yml')
    expect(findProject(join(folder, 'models'))).toBe('.')
    expect(findProject(join(folder, 'models/staging'))).toBe(join(folder, 'models'))
  })

  it('is the folder itself where there is no project', () => {
    expect(findProject(join(folderWith(), 'models'))).toBe('.')
  })
})

describe('explainProjectDir', () => {
  it('says that a file is no folder', () => {
    const folder = folderWith('dbt_project.yml')
    const file = join(folder, 'dbt_project.yml')
    expect(explainProjectDir(file)).toBe(
      `--project-dir ${file} is a file; name the folder that it is in.`,
    )
    expect(explainProjectDir(folder)).toBeUndefined()
    expect(explainProjectDir(join(folder, 'nowhere'))).toBeUndefined()
  })
})

describe('requireProject', () => {
  it('names the file, the folder that was looked in, and what to do', () => {
    const folder = folderWith()
    expect(() => requireProject(folder)).toThrow(
      expect.objectContaining({
        code: 'model/project-not-found',
        message: `There is no dbt_project.yml in ${folder}.`,
        hint: 'name the folder of a project with --project-dir, or begin one with `millrace init`.',
      }),
    )
    expect(() => requireProject(folderWith('dbt_project.yml'))).not.toThrow()
  })
})
