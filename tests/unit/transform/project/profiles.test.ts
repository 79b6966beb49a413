import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../../core/errors.ts'
import {
  type DuckdbProfile,
  type FoundProfile,
  findProfile,
  type ProfileRequest,
} from '../../../../transform/project/profiles.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const settings = 'name: shop\nprofile: shop\n'

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
}

type Given = Partial<ProfileRequest> & { readonly project?: string }

/** Finds the profile of a project whose profiles.yml is given. */
async function find(profiles: string | undefined, given: Given = {}): Promise<FoundProfile> {
  const folder = temporaryDirectory()
  const { project = settings, ...request } = given
  writeFiles(folder, {
    'dbt_project.yml': project,
    ...(profiles !== undefined && { 'profiles.yml': profiles }),
  })
  return await findProfile({
    projectDir: folder,
    workDir: folder,
    homeDir: join(folder, 'home'),
    environment: {},
    vars: {},
    ...request,
  })
}

async function profileOf(output: string, given: Given = {}): Promise<DuckdbProfile> {
  const found = await find(`shop:\n  outputs:\n    default: ${output}\n`, given)
  if (found.kind === 'none') throw new Error(`no profile: ${found.reason}`)
  return found.profile
}

/** Every problem of a profile as `code line message`. */
async function problemsOf(profiles: string, given: Given = {}): Promise<string[]> {
  try {
    await find(profiles, given)
    return []
  } catch (error) {
    const all = error instanceof AggregateError ? error.errors : [error]
    return all.map((one) => {
      if (!(one instanceof MillraceError)) throw one
      return `${one.code} ${one.at?.file}:${one.at?.line} ${one.message} ${one.hint ?? ''}`.trim()
    })
  }
}

describe('findProfile', () => {
  it('gives the defaults of dbt-duckdb: in memory, schema main, one thread', async () => {
    expect(await profileOf('{type: duckdb}')).toMatchObject({
      name: 'shop',
      target: 'default',
      path: ':memory:',
      database: 'memory',
      schema: 'main',
      threads: 1,
      isDucklake: false,
    })
  })

  it('chooses the target by flag, DBT_TARGET, the profile, and default, in this order', async () => {
    const profiles = `
shop:
  target: "{{ env_var('STAGE', 'dev') }}"
  outputs:
    dev: {type: duckdb, schema: a}
    prod: {type: duckdb, schema: b}
    ci: {type: duckdb, schema: c}
    broken: {type: duckdb, schema: "{{ env_var('NOT_SET') }}"}
`
    const targetBy = async (given: Given) => {
      const found = await find(profiles, given)
      return found.kind === 'duckdb' && [found.profile.target, found.profile.schema]
    }
    expect(await targetBy({})).toEqual(['dev', 'a'])
    expect(await targetBy({ environment: { STAGE: 'ci' } })).toEqual(['ci', 'c'])
    const environment = { STAGE: 'ci', DBT_TARGET: 'prod' }
    expect(await targetBy({ environment })).toEqual(['prod', 'b'])
    expect(await targetBy({ environment, target: 'dev' })).toEqual(['dev', 'a'])
    expect(await problemsOf(profiles, { target: 'prdo' })).toEqual([
      'profile/unknown-target profiles.yml:4 The profile shop has no target prdo; it has dev, prod, ci, broken. did you mean prod?',
    ])
  })

  it('chooses the profile by flag, DBT_PROFILE and dbt_project.yml', async () => {
    const profiles =
      'a: {outputs: {default: {type: duckdb}}}\nb: {outputs: {default: {type: duckdb}}}'
    const nameBy = async (given: Given) => {
      const found = await find(profiles, { project: 'name: shop\nprofile: a', ...given })
      return found.kind === 'duckdb' && found.profile.name
    }
    expect(await nameBy({})).toBe('a')
    expect(await nameBy({ environment: { DBT_PROFILE: 'b' } })).toBe('b')
    expect(await nameBy({ environment: { DBT_PROFILE: 'b' }, profile: 'a' })).toBe('a')
  })

  it('looks in --profiles-dir, DBT_PROFILES_DIR, the working folder, the project and ~/.dbt', async () => {
    const folder = temporaryDirectory()
    const output = (schema: string) =>
      `shop: {outputs: {default: {type: duckdb, schema: ${schema}}}}`
    const places = ['flag', 'env', 'work', 'project', 'home/.dbt']
    writeFiles(folder, { 'project/dbt_project.yml': settings })
    for (const place of places) {
      writeFiles(folder, { [`${place}/profiles.yml`]: output(place[0] ?? '') })
    }
    mkdirSync(join(folder, 'elsewhere'))
    const inside = (name: string) => join(folder, name)
    const schemaBy = async (given: Given) => {
      const found = await findProfile({
        projectDir: inside('project'),
        workDir: inside('work'),
        homeDir: inside('home'),
        environment: {},
        vars: {},
        ...given,
      })
      return found.kind === 'duckdb' && found.profile.schema
    }
    const environment = { DBT_PROFILES_DIR: '../env' }
    expect(await schemaBy({ environment, profilesDir: inside('flag') })).toBe('f')
    expect(await schemaBy({ environment })).toBe('e')
    expect(await schemaBy({})).toBe('w')
    expect(await schemaBy({ workDir: inside('elsewhere') })).toBe('p')
    writeFiles(folder, { 'bare/dbt_project.yml': settings })
    const bare = { projectDir: inside('bare'), workDir: inside('elsewhere') }
    expect(await schemaBy(bare)).toBe('h')
  })

  it('says why there is no usable profile, and nothing where none is asked for', async () => {
    const reason = async (profiles: string | undefined, given: Given = {}) => {
      const found = await find(profiles, given)
      return found.kind === 'none' ? found.reason : 'found one'
    }
    expect(await reason('shop: {}', { project: 'name: shop' })).toBeUndefined()
    expect(await reason(undefined)).toBe('there is no profiles.yml for the profile shop')
    const snowflake = 'shop: {target: dev, outputs: {dev: {type: snowflake, account: x}}}'
    expect(await reason(snowflake)).toBe('the profile shop is of type snowflake')
  })

  it('refuses a profile that profiles.yml does not hold, whoever names it', async () => {
    const refusal = 'There is no profile shop in profiles.yml; it has shops, b. did you mean shops?'
    const profiles = 'shops: {}\nb: {}\nconfig: {}'
    expect(await problemsOf(profiles)).toEqual([`profile/not-found dbt_project.yml:2 ${refusal}`])
    const unplaced = [`profile/not-found undefined:undefined ${refusal}`]
    expect(await problemsOf(profiles, { profile: 'shop' })).toEqual(unplaced)
    const environment = { DBT_PROFILE: 'shop' }
    expect(await problemsOf(profiles, { environment })).toEqual(unplaced)
    expect(await problemsOf('other: {}')).toEqual([
      'profile/not-found dbt_project.yml:2 There is no profile shop in profiles.yml; it has other. name another under profile: of dbt_project.yml or with --profile, or the folder of another profiles.yml with --profiles-dir.',
    ])
  })

  it('takes --target for a target of millrace.yml beside a profile of another type', async () => {
    const snowflake = 'shop: {outputs: {dev: {type: snowflake}}}'
    expect(await problemsOf(snowflake, { target: 'prod' })).toEqual([
      'profile/unknown-target profiles.yml:1 The profile shop has no target prod; it has dev. choose one with --target or DBT_TARGET.',
    ])
    const folder = temporaryDirectory()
    writeFiles(folder, { 'dbt_project.yml': settings, 'millrace.yml': 'name: shop' })
    const given = { projectDir: folder, target: 'prod' }
    expect(await find(snowflake, given)).toEqual({
      kind: 'none',
      reason: 'the profile shop is of type snowflake',
    })
  })

  it('refuses a folder that was asked for by flag and holds no profiles.yml', async () => {
    const [missing] = await problemsOf('shop: {}', { profilesDir: 'nowhere' })
    expect(missing).toMatch(/^profile\/not-found .* no profile shop in .*nowhere\./)
  })

  it('reports all that is wrong, each with its line', async () => {
    const wrong = `
shop:
  outputs:
    default:
      type: duckdb
      path: nowhere/shop.duckdb
      threads: "{{ env_var('THREADS') }}"
      database: other
      schema: "{{ env_var('NOT_SET') }}"
      attach:
        - alias: b
      extensions: [1, "a;b"]
      secrets:
        - key_id: x
      settings: {memory_limit: [1]}
      keep_open: {}
`
    expect(await problemsOf(wrong, { environment: { THREADS: '4' } })).toEqual([
      "profile/missing-variable profiles.yml:9 shop.outputs.default.schema reads the environment variable NOT_SET, which is not set. export NOT_SET=…, or give a default: env_var('NOT_SET', '…').",
      'profile/invalid-value profiles.yml:11 shop.outputs.default.attach[0].path: is needed.',
      'profile/invalid-value profiles.yml:8 shop.outputs.default.database: must be shop, as the path says, or an alias under attach.',
      'profile/invalid-value profiles.yml:14 shop.outputs.default.secrets[0].type: is needed.',
      'profile/invalid-value profiles.yml:15 shop.outputs.default.settings.memory_limit: must be one value.',
      'profile/invalid-value profiles.yml:12 shop.outputs.default.extensions[0]: must be a map of keys and values.',
      'profile/invalid-value profiles.yml:12 shop.outputs.default.extensions[0].name: must be the name of an extension.',
      'profile/invalid-value profiles.yml:12 shop.outputs.default.extensions[1].name: must be the name of an extension.',
      'profile/invalid-value profiles.yml:6 shop.outputs.default.path: there is no folder nowhere.',
      'profile/invalid-value profiles.yml:7 shop.outputs.default.threads: must be a whole number of at least 1, not text; a template needs the filter as_number.',
    ])
    expect(await problemsOf('shop: {outputs: {default: {path: x}}}')).toEqual([
      'profile/invalid-value profiles.yml:1 shop.outputs.default.type: is needed, such as duckdb.',
    ])
    expect(await problemsOf('shop: {outputs: {default: {type: duckdb, threads: 0}}}')).toEqual([
      'profile/invalid-value profiles.yml:1 shop.outputs.default.threads: must be a whole number of at least 1.',
    ])
  })

  it('warns of keys that dbt ignores or that are for Python, and goes on', async () => {
    const { warnings } = await profileOf(
      '{type: duckdb, shema: x, plugins: [{module: excel}], retries: {query_attempts: 2}}',
    )
    expect(warnings.map(({ code, message, hint }) => [code, message, hint])).toEqual([
      ['profile/unknown-key', 'shop.outputs.default: unknown key shema.', 'did you mean schema?'],
      [
        'profile/ignored-key',
        'shop.outputs.default.plugins is ignored: plugins are Python code.',
        undefined,
      ],
      [
        'profile/ignored-key',
        'shop.outputs.default.retries.query_attempts is ignored: a query that fails ends the transaction of the whole run.',
        undefined,
      ],
    ])
  })

  it('refuses a profile that is there and is no map', async () => {
    expect(await problemsOf('other: {}\nshop: 5')).toEqual([
      'profile/invalid-value profiles.yml:2 shop: must be a map of keys and values.',
    ])
  })

  it('refuses MotherDuck, whose token it does not print', async () => {
    const [problem] = await problemsOf(
      'shop: {outputs: {default: {type: duckdb, path: "md:my_db?motherduck_token=abc"}}}',
    )
    expect(problem).toMatch(
      /^profile\/motherduck profiles.yml:1 md:my_db is a database of MotherDuck/,
    )
    expect(problem).not.toMatch(/abc/)
  })

  it('names the catalog as DuckDB and dbt-duckdb do', async () => {
    const databases: Readonly<Record<string, string>> = {
      'shop.duckdb': 'shop',
      'my.wh.duckdb': 'my',
      '.hidden.db': 'hidden',
      plain: 'plain',
      'ducklake:meta.ducklake': 'meta',
      'ducklake:sqlite:my.meta.sqlite': 'my.meta',
    }
    for (const [path, database] of Object.entries(databases)) {
      expect(await profileOf(`{type: duckdb, path: "${path}"}`)).toMatchObject({ database })
    }
  })

  it('takes a catalog that is attached, and knows a DuckLake by path, type or flag', async () => {
    const isDucklake = async (attachment: string) => {
      const output = `{type: duckdb, database: lk, attach: [{alias: lk, ${attachment}}]}`
      return (await profileOf(output)).isDucklake
    }
    expect(await isDucklake('path: other.duckdb')).toBe(false)
    expect(await isDucklake('path: "ducklake:m.db"')).toBe(true)
    expect(await isDucklake('path: m.db, type: ducklake')).toBe(true)
    expect(await isDucklake('path: m.db, options: {type: ducklake}')).toBe(true)
    expect(await isDucklake('path: "x:y", is_ducklake: true')).toBe(true)
  })

  it('keeps expressions their type, text as text, and remembers secrets', async () => {
    const {
      threads,
      schema,
      settings: set,
      hidden,
    } = await profileOf(
      `{type: duckdb, threads: "{{ env_var('N') | as_number }}", schema: "{{ env_var('N') }}",
        settings: {a: "{{ env_var('DBT_ENV_SECRET_A') }}!", b: "{{ env_var('B', 'no') }}", c: "{{ var('c') }}"},
        secrets: [{type: s3, region: eu, secret: hush}]}`,
      { environment: { N: '3', DBT_ENV_SECRET_A: '$&x' }, vars: { c: true } },
    )
    expect({ threads, schema, set }).toEqual({
      threads: 3,
      schema: '3',
      set: { a: '$&x!', b: 'no', c: true },
    })
    expect(hidden.map((secret) => secret.reveal())).toEqual(['$&x', 'hush'])
  })

  it('hides settings and options that are secrets by their name', async () => {
    const { hidden } = await profileOf(`{type: duckdb,
      settings: {s3_secret_access_key: one, s3_region: eu-west-1, TimeZone: UTC},
      config_options: {motherduck_token: two, threads: 4},
      attach: [{path: x.db, options: {encryption_key: three, block_size: 16384}}]}`)
    expect(hidden.map((secret) => secret.reveal())).toEqual(['one', 'two', 'three'])
  })

  it('takes --threads over the profile', async () => {
    expect(await profileOf('{type: duckdb, threads: 4}', { threads: 2 })).toMatchObject({
      threads: 2,
    })
  })
})
