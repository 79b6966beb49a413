import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { artifactFolders } from '../../../../cli/runner/artifact-options.ts'

const config = { projectDir: '/shop' }
const graph = { targetPath: 'build' }

it('takes the target folder from the option, the variable, the project, in this order', () => {
  const environment = { DBT_TARGET_PATH: 'from-variable', DBT_LOG_PATH: 'noise' }
  expect(artifactFolders(config, graph, { targetPath: 'given' }, environment)).toMatchObject({
    target: resolve('/shop/given'),
    targetPath: 'given',
    logs: resolve('/shop/noise'),
  })
  expect(artifactFolders(config, graph, {}, environment).targetPath).toBe('from-variable')
  expect(artifactFolders(config, graph, {}, {})).toMatchObject({
    targetPath: 'build',
    logs: resolve('/shop/logs'),
  })
})

it('writes no JSON when the option or the variable says so', () => {
  expect(artifactFolders(config, graph, {}, {}).writesJson).toBe(true)
  expect(artifactFolders(config, graph, { writeJson: false }, {}).writesJson).toBe(false)
  expect(artifactFolders(config, graph, {}, { DBT_WRITE_JSON: 'False' }).writesJson).toBe(false)
})
