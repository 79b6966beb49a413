import { describe, expect, it } from 'vitest'
import { problem } from '../../../../core/problems.ts'
import {
  readWarningOptions,
  treatmentOf,
  unknownWarnings,
  warningNames,
} from '../../../../transform/stdlib/warning-options.ts'
// Of WarnErrorOptionsV2 in dbt-common 1.39.0, for random options.
import recorded from './recorded-warning-options.json' with { type: 'json' }

const deprecated = {
  name: 'PropertyMovedToConfigDeprecation',
  advice: 'put it under config:',
  places: 1,
}
const warnings = {
  JinjaLogWarning: problem('model/template-warning', { node: 'a', reason: 'careful' }),
  NoNodesForSelectionCriteria: problem('model/no-nodes', { criterion: 'a', nearest: undefined }),
  PropertyMovedToConfigDeprecation: problem('model/deprecated', deprecated),
}

function treat(name: keyof typeof warnings, options: unknown, warnError: boolean | null = null) {
  const flags: Record<string, unknown> = { WARN_ERROR: warnError, WARN_ERROR_OPTIONS: options }
  return treatmentOf(warningNames(warnings[name]), (flag) => flags[flag])
}

describe('warn_error_options', () => {
  it('treats every warning as dbt does', () => {
    expect(recorded.length).toBeGreaterThan(100)
    for (const { options, treatments } of recorded) {
      const ours = Object.keys(treatments).map((name) => [
        name,
        treat(name as keyof typeof warnings, options),
      ])
      expect({ options, treatments: Object.fromEntries(ours) }).toEqual({ options, treatments })
    }
  })

  it('takes our codes as well, and the older names of its lists', () => {
    expect(treat('JinjaLogWarning', { error: ['model/template-warning'] })).toBe('error')
    const old = { include: '*', exclude: ['JinjaLogWarning'] }
    expect(treat('JinjaLogWarning', old)).toBe('warn')
    expect(treat('NoNodesForSelectionCriteria', old)).toBe('error')
  })

  it('takes every warning for an error with warn_error, but those that are silenced', () => {
    expect(treat('JinjaLogWarning', undefined, true)).toBe('error')
    expect(treat('JinjaLogWarning', { silence: ['JinjaLogWarning'] }, true)).toBe('silence')
  })

  it.each([
    [['all'], /it is not a map/],
    [{ error: 'some' }, /error is not a list of names, nor all/],
    [{ silence: 'all' }, /silence is not a list of names\./],
    [{ warn: [1] }, /warn is not a list of names/],
    [{ error: [], include: [] }, /both error and include/],
    [{ errors: [] }, /knows error, warn and silence; not errors/],
  ])('refuses %j', (options, message) => {
    expect(() => readWarningOptions(options)).toThrow(message)
  })

  it('finds names that no warning has', () => {
    const options = readWarningOptions({
      error: ['JinjaLogWarning', 'Deprecations', 'JinjaLogWarnin'],
      silence: ['model/no-nodes', 'JinjaLogWarnin'],
    })
    expect(unknownWarnings(options)).toEqual(['JinjaLogWarnin'])
  })
})
