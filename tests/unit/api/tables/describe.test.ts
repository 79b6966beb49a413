import { describe, expect, it } from 'vitest'
import { describeTables } from '../../../../api/tables/describe.ts'
import { readQuestion } from '../../../../api/tables/read-question.ts'
import { people } from './columns.ts'

describe('what OpenAPI says of tables', () => {
  it('names exactly the parameters that are read', () => {
    const parameters = describeTables()['/api/tables/{name}']?.get?.parameters ?? []
    const described = parameters.flatMap((parameter) =>
      typeof parameter === 'object' &&
      parameter !== null &&
      'in' in parameter &&
      parameter['in'] === 'query'
        ? [String(parameter['name'])]
        : [],
    )
    let message = ''
    try {
      readQuestion(people, { seesPersonalData: true }, new URLSearchParams('x=1'), 'json')
    } catch (error) {
      message = error instanceof Error ? error.message : ''
    }
    const listed = /takes (.*)\.$/.exec(message)?.[1]?.split(', ') ?? []
    const columns = people.columns.map(({ name }) => name)
    expect(listed.filter((name) => !columns.includes(name)).sort()).toEqual(described.sort())
  })
})
