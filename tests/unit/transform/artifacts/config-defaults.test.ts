import { describe, expect, it } from 'vitest'
import { fullConfig } from '../../../../transform/artifacts/config-defaults.ts'
import { configDefaults } from '../../../../transform/stdlib/config-defaults.ts'

describe('fullConfig', () => {
  it('is the defaults when nothing is said', () => {
    expect(fullConfig('model', {})).toEqual(configDefaults.model)
  })

  it('keeps keys that dbt does not know after its own', () => {
    expect(Object.keys(fullConfig('model', { publish: true })).at(-1)).toBe('publish')
  })

  it.each([
    ['analyze', { sql: 'analyze', transaction: true, index: null }],
    [
      { sql: 'analyze', transaction: false },
      { sql: 'analyze', transaction: false, index: null },
    ],
    ['{"sql": "a", "transaction": false}', { sql: 'a', transaction: false, index: null }],
  ])('writes the hook %j out', (hook, expected) => {
    expect(fullConfig('model', { pre_hook: hook })['pre-hook']).toEqual([expected])
    expect(fullConfig('model', { 'post-hook': [hook] })['post-hook']).toEqual([expected])
  })

  it.each([
    ['2024-01-01', '2024-01-01T00:00:00'],
    ['2024-01-01 10:30', '2024-01-01T10:30:00'],
    ['2024-01-01T10:30:05.25Z', '2024-01-01T10:30:05.250000+00:00'],
    ['tomorrow', 'tomorrow'],
  ])('writes the begin %j of a microbatch model as a timestamp', (begin, expected) => {
    const said = { incremental_strategy: 'microbatch', begin }
    expect(fullConfig('model', said)['begin']).toBe(expected)
    expect(fullConfig('model', { begin })['begin']).toBe(begin)
  })

  it('makes lists of single tags and grantees', () => {
    const { tags, grants } = fullConfig('seed', { tags: 'daily', grants: { select: 'ann' } })
    expect(tags).toEqual(['daily'])
    expect(grants).toEqual({ select: ['ann'] })
  })

  it('fills nested settings in', () => {
    const { docs, contract } = fullConfig('model', {
      docs: { node_color: 'red' },
      contract: { enforced: true },
    })
    expect(docs).toEqual({ show: true, node_color: 'red' })
    expect(contract).toEqual({ enforced: true, alias_types: true })
  })

  it.each([
    [{ store_failures: true }, { store_failures: true, store_failures_as: 'table' }],
    [{ store_failures: false }, { store_failures: false, store_failures_as: 'ephemeral' }],
    [{ store_failures_as: 'view' }, { store_failures: true, store_failures_as: 'view' }],
    [
      { store_failures: true, store_failures_as: 'ephemeral' },
      { store_failures: false, store_failures_as: 'ephemeral' },
    ],
    [{}, { store_failures: null, store_failures_as: null }],
  ])('settles how failures are kept by %j', (said, expected) => {
    expect(fullConfig('test', said)).toMatchObject(expected)
  })

  it('keeps the freshness of a model only when it says when to build', () => {
    const day = { count: 1, period: 'day' }
    expect(fullConfig('model', { freshness: { build_after: day } })['freshness']).toEqual({
      build_after: { ...day, updates_on: 'any' },
    })
    expect(fullConfig('model', { freshness: {} })['freshness']).toBeNull()
  })

  it('takes on and off of YAML as the words they were', () => {
    expect(fullConfig('model', { static_analysis: false })['static_analysis']).toBe('off')
  })
})
