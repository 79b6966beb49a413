import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kafkaOptionsOf, lakeOptionsOf, openStore, postgresUrlOf } from '../../../cli/context.ts'
import { attachSql } from '../../../core/clients/lake/attach.ts'
import { type Config, loadConfig } from '../../../core/config.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

/** The configuration of a target that gives all addresses itself. */
function configOf(environment: Record<string, string>): Config {
  const projectDir = temporaryDirectory()
  writeFileSync(
    join(projectDir, 'millrace.yml'),
    'name: shop\ntargets: {local: {services: external}}\n',
  )
  return loadConfig({ projectDir, environment })
}

function secretFile(text: string): string {
  const file = join(temporaryDirectory(), 'secret')
  writeFileSync(file, `${text}\n`)
  return `file:${file}`
}

const postgres = { MILLRACE_POSTGRES_URL: 'postgres://me:hunter2@host/db' }
const kafka = { MILLRACE_KAFKA_BROKERS: 'a:9092' }

describe('the login of Kafka', () => {
  const login = {
    ...kafka,
    MILLRACE_KAFKA_SASL_MECHANISM: 'scram-sha-512',
    MILLRACE_KAFKA_SASL_USERNAME: 'me',
  }

  it('takes its password from where the setting says', async () => {
    const environment = { ...login, MILLRACE_KAFKA_SASL_PASSWORD: secretFile('hunter2') }
    expect(await kafkaOptionsOf(configOf(environment))).toMatchObject({
      sasl: { mechanism: 'scram-sha-512', username: 'me', password: 'hunter2' },
    })
  })

  it('is none when nothing of it is set, and refused when only a part is', async () => {
    expect(await kafkaOptionsOf(configOf(kafka))).not.toHaveProperty('sasl')
    for (const missing of Object.keys(login).slice(1)) {
      const part = { ...login, MILLRACE_KAFKA_SASL_PASSWORD: 'p', [missing]: '' }
      await expect(kafkaOptionsOf(configOf(part))).rejects.toMatchObject({
        code: 'config/missing-value',
        hint: expect.stringContaining(missing),
      })
    }
  })
})

describe('the lake', () => {
  it('takes the key of its store from where the setting says', async () => {
    const keys = {
      MILLRACE_S3_ACCESS_KEY_ID: 'AK',
      MILLRACE_S3_SECRET_ACCESS_KEY: secretFile('hunter2'),
    }
    const { s3 } = await lakeOptionsOf(configOf({ ...postgres, ...keys }))
    expect(s3).toMatchObject({ accessKeyId: 'AK', secretAccessKey: 'hunter2' })
  })

  it('refuses half a pair of keys', async () => {
    const half = configOf({ ...postgres, MILLRACE_S3_ACCESS_KEY_ID: 'AK' })
    await expect(openStore(half)).rejects.toMatchObject({
      hint: expect.stringContaining('MILLRACE_S3_SECRET_ACCESS_KEY'),
    })
  })

  it('can read landing files also when its own are in a folder or in another bucket', async () => {
    const endpoint = { MILLRACE_S3_ENDPOINT: 'http://127.0.0.1:1' }
    const folder = { MILLRACE_LAKE_CATALOG: 'sqlite', MILLRACE_LAKE_DATA_PATH: 'data' }
    expect(await lakeOptionsOf(configOf({ ...endpoint, ...folder }))).toMatchObject({
      s3: { bucket: 'millrace' },
    })
    expect(await lakeOptionsOf(configOf(folder))).not.toHaveProperty('s3')
    const bucket = { ...postgres, MILLRACE_LAKE_DATA_PATH: 's3://other/lake/' }
    const [secret] = attachSql(await lakeOptionsOf(configOf(bucket)))
    expect(secret).toContain("scope ['s3://millrace/', 's3://other/']")
  })

  it.each(['s3://millrace', 's3://millrace/landing/lake', 's3://millrace/ledger', '.', '..'])(
    'does not share %s with files that its upkeep would delete',
    async (path) => {
      const config = configOf({ ...postgres, MILLRACE_LAKE_DATA_PATH: path })
      await expect(lakeOptionsOf(config)).rejects.toMatchObject({
        code: 'config/invalid-value',
        message: expect.stringContaining('lake.data_path'),
      })
    },
  )

  it('finds its catalog in postgres.url unless it has an address of its own', async () => {
    const urlOf = async (environment: Record<string, string>) => {
      const { catalog } = await lakeOptionsOf(configOf(environment))
      return catalog.kind === 'postgres' ? catalog.url : undefined
    }
    expect(await urlOf(postgres)).toBe('postgres://me:hunter2@host/db')
    const own = { ...postgres, MILLRACE_LAKE_CATALOG_URL: secretFile('postgresql://own/catalog') }
    expect(await urlOf(own)).toBe('postgresql://own/catalog')
  })
})

it.each(['host=localhost password=hunter2', 'https://me:hunter2@host/db', 'hunter2'])(
  'refuses a PostgreSQL address it cannot read without repeating it',
  async (url) => {
    const error: unknown = await postgresUrlOf(configOf({ MILLRACE_POSTGRES_URL: url })).catch(
      (caught: unknown) => caught,
    )
    expect(error).toMatchObject({ code: 'config/invalid-value', exitCode: 2 })
    expect(String(error)).not.toContain('hunter2')
  },
)
