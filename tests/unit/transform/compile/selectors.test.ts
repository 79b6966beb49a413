import { describe, expect, it } from 'vitest'
import { compileFiles } from '../../../support/project.ts'

describe('mistakes in selectors.yml', () => {
  it('are all among the problems of the project, each at its place', async () => {
    const { graph } = await compileFiles({
      'selectors.yml': `selectors:
  - name: good
    definition: tag:nightly
  - name: first
    definition: {method: tagg, value: x}
  - name: second
    definition: 3
  - name: third
    definition: {union: tag:a}
`,
    })
    expect(graph.problems.map(({ code, at }) => `${code} ${at?.file}:${at?.line}`)).toEqual([
      'model/bad-selector-definition selectors.yml:4',
      'model/bad-selector-definition selectors.yml:6',
      'model/bad-selector-definition selectors.yml:8',
    ])
  })
})
