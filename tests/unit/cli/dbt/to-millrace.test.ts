import { describe, expect, it } from 'vitest'
import { parseDbtCall } from '../../../../cli/dbt/parse-call.ts'
import { toMillrace } from '../../../../cli/dbt/to-millrace.ts'

/** @param known options of the command of Millrace */
function translate(text: string, known: readonly string[] = []) {
  const call = parseDbtCall(text.split(' '))
  if (call.kind !== 'command') throw new Error(`it is ${call.kind}`)
  return toMillrace({ ...call, known: new Set(known) })
}

describe('toMillrace', () => {
  it('hands on what the command of Millrace has', () => {
    const known = ['select', 'full-refresh', 'write-json', 'target']
    const { argv, warnings } = translate(
      'run -s a+ b -f --no-write-json --target dev --vars {}',
      known,
    )
    expect(argv.join(' ')).toBe('run --select a+ b --full-refresh --no-write-json --target=dev')
    expect(warnings).toEqual([])
  })

  it('is silent about options whose value changes nothing', () => {
    const text =
      'run --no-populate-cache --no-use-colors --static-parser --cache-selected-only --printer-width 80 --threads 8 --no-fail-fast --version-check'
    expect(translate(text)).toEqual({ argv: ['run'], warnings: [] })
  })

  it('warns of each option that would change something, as it was spelt', () => {
    const { warnings } = translate('run --fail-fast --no-print --warn-error --printer-width 100')
    expect(warnings.map((line) => line.split(' ')[0])).toEqual([
      '--fail-fast',
      '--no-print',
      '--warn-error',
      '--printer-width',
    ])
  })

  it('is silent about options that mean nothing to the command', () => {
    expect(translate('deps --profiles-dir . --target dev --fail-fast').warnings).toEqual([])
    expect(translate('debug --defer --state x').warnings).toEqual([])
    expect(translate('run --profiles-dir .').warnings).toHaveLength(1)
  })

  it('says log levels in our words, and keeps quiet where dbt would', () => {
    const known = ['log-level', 'quiet']
    expect(translate('run --debug', known).argv).toEqual(['run', '--log-level=debug'])
    expect(translate('run --log-level none', known).argv).toEqual([
      'run',
      '--log-level=silent',
      '--quiet',
    ])
    expect(translate('run --log-level info', known).argv).toEqual(['run', '--log-level=info'])
  })

  it('lists models alone for --models', () => {
    const { argv } = translate('ls --models +a --exclude b', ['select', 'exclude', 'resource-type'])
    expect(argv.join(' ')).toBe('ls --exclude b --select +a --resource-type model')
  })

  it('calls the command and hands on the positionals', () => {
    expect(translate('list').argv).toEqual(['ls'])
    expect(translate('docs generate').argv).toEqual(['docs', 'generate'])
    expect(translate('init shop -s', ['skip-profile-setup']).argv).toEqual([
      'init',
      'shop',
      '--skip-profile-setup',
    ])
  })

  it('warns of a log format that it cannot write, not of the usual one', () => {
    expect(translate('run --log-format json').warnings).toHaveLength(1)
    expect(translate('run --log-format text --log-format-file debug').warnings).toEqual([])
  })
})
