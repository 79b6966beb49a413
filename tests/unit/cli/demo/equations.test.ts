import { expect, it } from 'vitest'
import { type Figures, toEquations } from '../../../../cli/demo/equations.ts'

const figures: Figures = {
  run: { produced: 12, badProduced: 2, landed: 10, deadLetters: 2 },
  total: {
    kafkaOffsets: 24,
    ledgerOffsets: 24,
    ledgerRecords: 20,
    ledgerDeadLetters: 4,
    rawRows: 20n,
    rawOffsets: 20n,
    deadLetterRows: 4n,
    deadLetterOffsets: 4n,
    distinctEvents: 19n,
    martRows: 19n,
    postgresRows: 19n,
  },
  activeUsers: { api: 7n, postgres: [8n, 7n], raw: [8n, 7n] },
}

const broken = (changed: Figures) =>
  toEquations(changed)
    .filter(({ holds }) => !holds)
    .map(({ statement }) => statement)

it('holds when every count agrees, and allows the window to move while the API is asked', () => {
  expect(broken(figures)).toEqual([])
})

it('holds with a model when each user that was scored is in the lake and in PostgreSQL', () => {
  const scored = { byCommand: 5, lakeRows: 5n, postgresRows: 5n }
  expect(toEquations({ ...figures, scored })).toHaveLength(toEquations(figures).length + 1)
  expect(broken({ ...figures, scored })).toEqual([])
  expect(broken({ ...figures, scored: { ...scored, postgresRows: 4n } })).toEqual([
    expect.stringContaining('users scored'),
  ])
})

it.each([
  ['produced', { ...figures, run: { ...figures.run, landed: 9 } }, 'produced = landed'],
  ['bad messages', { ...figures, run: { ...figures.run, badProduced: 3 } }, 'bad messages'],
  ['Kafka', { ...figures, total: { ...figures.total, ledgerOffsets: 23 } }, 'offsets in Kafka'],
  ['a doubled row', { ...figures, total: { ...figures.total, rawRows: 21n } }, 'ledger records'],
  ['dead letters', { ...figures, total: { ...figures.total, deadLetterRows: 5n } }, 'ledger dead'],
  ['publishing', { ...figures, total: { ...figures.total, postgresRows: 18n } }, 'distinct events'],
  ['the API', { ...figures, activeUsers: { ...figures.activeUsers, api: 6n } }, 'active users'],
])('does not hold when %s differs', (_, changed, statement) => {
  expect(broken(changed)).toEqual([expect.stringContaining(statement)])
})
