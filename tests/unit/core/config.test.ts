import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Config,
  type ConfigRequest,
  loadConfig,
  requireSetting,
} from '../../../core/config.ts'
import { MillraceError } from '../../../core/errors.ts'

let projectDir: string
beforeEach(() => {
  projectDir = mkdtempSync(join(tmpdir(), 'millrace-config-'))
})
afterEach(() => rmSync(projectDir, { recursive: true }))

function load(yaml: string, request: Partial<ConfigRequest> = {}): Config {
  writeFileSync(join(projectDir, 'millrace.yml'), yaml)
  return loadConfig({ projectDir, environment: {}, ...request })
}

function problemsOf(work: () => unknown): MillraceError[] {
  try {
    work()
  } catch (error) {
    const errors = error instanceof AggregateError ? error.errors : [error]
    return errors.filter((one): one is MillraceError => one instanceof MillraceError)
  }
  throw new Error('it was accepted')
}

const small = 'name: shop\ntargets:\n  local: {}\n'

describe('loadConfig', () => {
  it('lets a flag win over a variable, a variable over the file, the file over local services', () => {
    writeFileSync(
      join(projectDir, 'instance.json'),
      JSON.stringify({ kafka: { brokers: ['instance:1'] }, s3: { region: 'r-instance' } }),
    )
    const yaml = `name: shop\ntargets:\n  local:\n    state_dir: .\n    s3: {region: r-file}\n    api: {port: 1, host: h-file}\n    kafka: {client_id: c-file}\n`
    const config = load(yaml, {
      environment: { MILLRACE_API_PORT: '2', MILLRACE_KAFKA_CLIENT_ID: 'c-env' },
      flags: { api: { port: 3 } },
    })
    expect(config.settings.kafka.brokers).toEqual(['instance:1'])
    expect(config.settings.s3.region).toBe('r-file')
    expect(config.settings.kafka.client_id).toBe('c-env')
    expect(config.settings.api.port).toBe(3)
    expect(config.origins['kafka.brokers']).toBe('local services (instance.json)')
    expect(config.origins['s3.region']).toBe('millrace.yml (target local)')
    expect(config.origins['kafka.client_id']).toBe('MILLRACE_KAFKA_CLIENT_ID')
    expect(config.origins['api.port']).toBe('flag')
    expect(config.origins['api.host']).toBe('millrace.yml (target local)')
    expect(config.origins['lake.catalog']).toBe('default')
  })

  it('ignores local services when the target says that services are external', () => {
    writeFileSync(join(projectDir, 'instance.json'), '{"kafka":{"brokers":["instance:1"]}}')
    const config = load('name: shop\ntargets:\n  local: {state_dir: ., services: external}\n')
    expect(config.settings.kafka.brokers).toBeUndefined()
  })

  it('reports every problem at once, each with its place and the nearest known name', () => {
    const yaml =
      'name: shop\ntargets:\n  local:\n    kafka:\n      broker: x\n    landin: {}\n    api:\n      port: many\n'
    const problems = problemsOf(() => load(yaml, { environment: { MILLRACE_S3_BUCKT: 'b' } }))
    expect(problems.map((one) => [one.code, one.at?.line, one.at?.column])).toEqual([
      ['config/unknown-key', undefined, undefined],
      ['config/unknown-key', 5, 7],
      ['config/invalid-value', 8, 7],
      ['config/unknown-key', 6, 5],
    ])
    expect(problems[0]?.hint).toContain('MILLRACE_S3_BUCKET')
    expect(problems[1]?.hint).toContain('kafka.brokers')
    expect(problems[3]?.hint).toContain('landing')
    expect(problems.every((one) => one.exitCode === 2)).toBe(true)
  })

  it('puts variables in for ${NAME} and ${NAME:-default}, and names the one that is missing', () => {
    const yaml =
      'name: shop\ntargets:\n  local:\n    s3: {bucket: "${B:-plain}"}\n    kafka: {brokers: "${K}"}\n'
    expect(load(yaml, { environment: { K: 'a:1, b:2' } }).settings.kafka.brokers).toEqual([
      'a:1',
      'b:2',
    ])
    const [missing] = problemsOf(() => load(yaml))
    expect(missing?.code).toBe('config/missing-variable')
    expect(missing?.message).toContain('targets.local.kafka.brokers')
    expect(missing?.at?.line).toBe(5)
  })

  it('names an unknown target and the nearest one', () => {
    const [unknown] = problemsOf(() => load(small, { target: 'locl' }))
    expect(unknown?.code).toBe('config/unknown-target')
    expect(unknown?.hint).toContain('local')
  })

  it('says where YAML breaks, and that a file is missing', () => {
    const [broken] = problemsOf(() => load('name: [shop\ntargets: {}\n'))
    expect(broken?.code).toBe('config/not-yaml')
    expect(broken?.at?.line).toBeGreaterThan(0)
    rmSync(join(projectDir, 'millrace.yml'))
    const [missing] = problemsOf(() => loadConfig({ projectDir, environment: {} }))
    expect(missing?.code).toBe('config/not-found')
  })

  it('takes an embedded lake for a dbt project without millrace.yml, whatever the target', () => {
    writeFileSync(join(projectDir, 'dbt_project.yml'), 'name: shop\n')
    const config = loadConfig({ projectDir, target: 'prod', environment: {} })
    expect(config.target).toBe('prod')
    expect(config.settings.lake).toMatchObject({ catalog: 'sqlite', data_path: '.millrace/lake/' })
    expect(config.settings.services).toBe('external')
    expect(config.origins['lake.catalog']).toBe('no millrace.yml (target prod)')
    expect(loadConfig({ projectDir, environment: {} }).target).toBe('local')
  })

  it('never prints a secret, not even one that is wrong', () => {
    const config = load(small, {
      environment: { MILLRACE_POSTGRES_URL: 'postgres://u:hunter2@h/d' },
    })
    expect(JSON.stringify(config)).not.toContain('hunter2')
    expect(config.settings.postgres.url?.reveal()).toContain('hunter2')
    const [wrong] = problemsOf(() =>
      load('name: s\ntargets:\n  local:\n    kafka: {sasl_password: [hunter2]}\n'),
    )
    expect(wrong?.message).not.toContain('hunter2')
  })

  it('takes an empty MILLRACE_TARGET for none', () => {
    expect(load(small, { environment: { MILLRACE_TARGET: '' } }).target).toBe(load(small).target)
  })

  it('tells how to give a value that is needed and not set', () => {
    const config = load(small)
    const [missing] = problemsOf(() => requireSetting(config, 'kafka.brokers', undefined))
    expect(missing?.code).toBe('config/missing-value')
    expect(missing?.hint).toContain('millrace up')
  })
})
