import { describe, expect, it } from 'vitest'
import { dbtCommands } from '../../../../cli/dbt/commands.ts'
import { parseDbtCall, valuesOfEnvironment } from '../../../../cli/dbt/parse-call.ts'

function parsed(...argv: readonly string[]) {
  const call = parseDbtCall(argv)
  if (call.kind !== 'command') throw new Error(`it is ${call.kind}`)
  const { command, positionals, values } = call
  return { command: command.name, positionals, values: Object.fromEntries(values) }
}

const complaint = (...argv: readonly string[]) => {
  try {
    parseDbtCall(argv)
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
  }
  return ''
}

describe('parseDbtCall', () => {
  it('reads global options on both sides of the command, the later one winning', () => {
    expect(parsed('--target', 'dev', '-q', 'run', '-t=prod', '--no-quiet')).toEqual({
      command: 'run',
      positionals: [],
      values: { target: '=prod', quiet: false },
    })
    expect(parsed('--target=dev', 'ls', '--target=prod').values).toEqual({ target: 'prod' })
  })

  it('takes places and variables before the command too, though dbt does not', () => {
    const { values } = parsed('--project-dir', 'a', '--vars', '{x: 1}', 'parse')
    expect(values).toEqual({ 'project-dir': 'a', vars: '{x: 1}' })
  })

  it('gives a list every word up to the next option, and adds up what is said twice', () => {
    const { values } = parsed('run', '-s', 'a+', 'b', '--models', '+c d', '--threads', '4', '-x')
    expect(values).toEqual({ select: ['a+', 'b', '+c', 'd'], threads: '4', 'fail-fast': true })
  })

  it('reads short options in one word', () => {
    expect(parsed('run', '-qfsmodel').values).toEqual({
      quiet: true,
      'full-refresh': true,
      select: ['model'],
    })
  })

  it('knows that -s is something else for init', () => {
    expect(parsed('init', '-s', 'shop')).toMatchObject({
      positionals: ['shop'],
      values: { 'skip-profile-setup': true },
    })
  })

  it('reads commands of two words, with options between them', () => {
    expect(parsed('docs', '--target', 'dev', 'generate', '--static')).toMatchObject({
      command: 'docs generate',
      values: { target: 'dev', static: true },
    })
  })

  it('answers help and version before anything is missed', () => {
    expect(parseDbtCall(['--version'])).toEqual({ kind: 'version' })
    expect(parseDbtCall(['run', '-V'])).toEqual({ kind: 'version' })
    expect(parseDbtCall(['run', '-h', '--nonsense'])).toMatchObject({ kind: 'help', name: 'run' })
    expect(parseDbtCall([])).toEqual({ kind: 'help', name: '', wasAsked: false })
    expect(parseDbtCall(['docs'])).toEqual({ kind: 'help', name: 'docs', wasAsked: false })
  })

  it.each([
    [['run', '--selct', 'x'], "No such option '--selct'. Did you mean '--select'?"],
    [['run', '-y'], "No such option '-y'."],
    [['bulid'], "No such command 'bulid'. Did you mean 'build'?"],
    [['docs', 'serv'], "No such command 'serv'. Did you mean 'serve'?"],
    [['run', '--threads', 'abc'], "Invalid value for '--threads': 'abc' is not a valid integer."],
    [['run', '--threads'], "Option '--threads' requires an argument."],
    [['run', '--full-refresh=yes'], "Option '--full-refresh' does not take a value."],
    [['run', '--no-defer=yes'], "Option '--no-defer' does not take a value."],
    [
      ['run', '--no-full-refresh'],
      "No such option '--no-full-refresh'. Did you mean '--full-refresh'?",
    ],
    [['run', 'model'], 'Got unexpected extra argument (model)'],
    [['run', 'a', 'b'], 'Got unexpected extra arguments (a b)'],
    [
      ['ls', '--output', 'nope'],
      "Invalid value for '--output': 'nope' is not one of 'json', 'name', 'path', 'selector'.",
    ],
  ])('complains of %j as dbt does', (argv, reason) => {
    expect(complaint(...argv).split('Error: ')[1]).toBe(reason)
  })

  it('says how the command is used', () => {
    expect(complaint('run', '--nope')).toMatch(
      /^Usage: dbt run \[OPTIONS\]\nTry 'dbt run --help' for help.\n\nError: /,
    )
    expect(complaint('nope')).toMatch(/^Usage: dbt \[OPTIONS\] \[COMMAND\] \[ARGS\]\.\.\.\n/)
  })
})

describe('valuesOfEnvironment', () => {
  const command = dbtCommands.get('build')
  if (command === undefined) throw new Error('no build')

  it('reads the variables of the options of the command', () => {
    const environment = {
      DBT_TARGET: 'dev',
      DBT_ENGINE_TARGET: 'prod',
      DBT_FAIL_FAST: '1',
      DBT_DEFER: 'no',
      DBT_RESOURCE_TYPES: 'model seed',
      DBT_STATE: '',
      DBT_SELECT: 'ignored',
      DBT_CLEAN_PROJECT_FILES_ONLY: 'of another command',
    }
    expect(Object.fromEntries(valuesOfEnvironment(command, environment))).toEqual({
      target: 'prod',
      'fail-fast': true,
      defer: false,
      'resource-type': ['model', 'seed'],
    })
  })

  it('refuses what an option would not take', () => {
    const read = (environment: Record<string, string>) => () =>
      valuesOfEnvironment(command, environment)
    expect(read({ DBT_FAIL_FAST: 'maybe' })).toThrow("'maybe' is not a valid boolean.")
    expect(read({ DBT_LOG_LEVEL: 'loud' })).toThrow("'loud' is not one of")
  })
})
