import { expect, it } from 'vitest'
import { loadProject } from '../../../../transform/project/load-project.ts'
import { packageProject } from '../../../support/package-project.ts'

it('refuses a schema file that is no map, and reads one that is empty', async () => {
  const folder = packageProject({
    'models/empty.yml': '# models:\n',
    'models/list.yml': '- name: orders\n  data_tests: [x]\n',
  })
  const { problems } = await loadProject(folder)
  expect(problems.map(({ message, at }) => `${at?.file}: ${message}`)).toEqual([
    'models/list.yml: This file is not valid YAML: it must be a map, such as models: and a list',
  ])
})
