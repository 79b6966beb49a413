import { describe, expect, it } from 'vitest'
import { explainArguments, explainNumbers } from '../../../cli/bad-arguments.ts'
import { runCli } from '../../support/cli.ts'

const vocabulary = { commands: ['build', 'sql'], options: ['select', 'dry-run', 'format'] }

describe('what is said of wrong arguments', () => {
  it.each([
    ['Unknown command: bild', 'Unknown command bild. Did you mean build?'],
    ['Unknown command: frobnicate', 'Unknown command frobnicate.'],
    ['Unknown argument: selct', 'Unknown argument: selct. Did you mean --select?'],
    ['Unknown arguments: dry-rn, dryRn', 'Unknown argument: dry-rn. Did you mean --dry-run?'],
    ['Unknown argument: zzzzzz', 'Unknown argument: zzzzzz.'],
    ['Not enough arguments following: events', '--events needs a value.'],
    ['Name a command.', 'Name a command.'],
  ])('%s', (message, explained) => {
    expect(explainArguments(message, vocabulary)).toBe(explained)
  })

  it('names the option whose number is none', () => {
    expect(explainNumbers({ format: 'csv', threads: Number.NaN })).toBe('--threads takes a number.')
    expect(explainNumbers({ format: 'csv', threads: 4 })).toBeUndefined()
  })
})

describe('the command line refuses', () => {
  it.each([
    [['bild'], 'Unknown command bild. Did you mean build?'],
    [['build', '--selct', 'x'], 'Unknown argument: selct. Did you mean --select?'],
    [['produce', '--events'], '--events needs a value.'],
    [['logs', 'kafka', '-n', 'many'], '-n takes a number.'],
    [['logs', 'kafka', '-n', '-5'], '--lines takes a whole number, 0 or more.'],
    [['produce', '--rate', '-1'], '--rate takes a number, 0 or more.'],
    [['--project-dir', 'test', 'logs', 'kafka', '-n', '-5'], '--lines takes'],
    [['config', 'kafa'], 'Unknown setting kafa.\n  hint: did you mean kafka?'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`\n  ${message}`)
  })
})
