/** What `debug` finds right and wrong. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { profileProject } from '../../support/profile-project.ts'

describe('millrace debug', () => {
  it('finds everything right, in the lines of dbt', async () => {
    const { millrace, path } = await profileProject({
      default: '{type: duckdb, path: shop.duckdb}',
    })
    const { code, stdout, stderr } = await millrace(['debug'])
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/^dbt version: 1\.12\.6$/m)
    expect(stdout).toContain(`Using profiles.yml file at ${join(path, 'profiles.yml')}\n`)
    expect(stdout).toContain(`Using dbt_project.yml file at ${join(path, 'dbt_project.yml')}\n`)
    expect(stdout).toMatch(/^ {2}profiles\.yml file \[OK found and valid\]$/m)
    expect(stdout).toMatch(/^ {2}dbt_project\.yml file \[OK found and valid\]$/m)
    expect(stdout).toMatch(/^ {2}profile: shop \[OK found\]\n {2}target: default \[OK found\]$/m)
    expect(stdout).toMatch(/^ - git \[OK found\]$/m)
    expect(stdout).toMatch(/^ {2}path: shop\.duckdb$/m)
    expect(stdout).toMatch(/Connection test: \[OK connection ok\]\n\nAll checks passed!\n$/)
  })

  it('tells no secret', async () => {
    const settings = `settings: {s3_secret_access_key: topsecret, s3_region: "{{ env_var('DBT_ENV_SECRET_R') }}"}`
    const secrets = 'secrets: [{type: s3, key_id: open, secret: alsosecret}]'
    const { millrace } = await profileProject({
      default: `{type: duckdb, ${settings}, ${secrets}}`,
    })
    const { stdout, stderr } = await millrace(['debug'], { DBT_ENV_SECRET_R: 'hiddenregion' })
    expect(stdout).toMatch(/s3_secret_access_key.*\[redacted\]/)
    expect(stdout + stderr).not.toMatch(/topsecret|alsosecret|hiddenregion/)
  })

  it('names the target that is not there and ends with 1', async () => {
    const { millrace } = await profileProject({ dev: '{type: duckdb}' })
    const { code, stdout } = await millrace(['debug', '--target', 'prod'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/profiles\.yml file \[ERROR invalid\]/)
    expect(stdout).toMatch(/1 check failed:\nProfile loading failed[\s\S]*has no target prod/)
    expect(stdout).toMatch(/Connection test skipped/)
  })

  it('says which line of dbt_project.yml is wrong', async () => {
    const { millrace } = await profileProject(
      { default: '{type: duckdb}' },
      { 'dbt_project.yml': 'profile: shop\nname: my-shop\n' },
    )
    const { code, stdout } = await millrace(['debug'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/dbt_project\.yml file \[ERROR invalid\]/)
    expect(stdout).toMatch(/Project loading failed[\s\S]*dbt_project\.yml[: ]2/)
  })

  it('says that there is no project', async () => {
    const { millrace, path } = await profileProject({ default: '{type: duckdb}' })
    await rm(join(path, 'dbt_project.yml'))
    const { code, stdout } = await millrace(['debug'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/dbt_project\.yml file \[ERROR not found\]/)
  })

  it('reports a database that does not open', async () => {
    const { millrace, write } = await profileProject({
      default: '{type: duckdb, path: shop.duckdb}',
    })
    await write({ 'shop.duckdb': 'this is no database, and long enough to be read as one' })
    const { code, stdout } = await millrace(['debug', '--connection'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/Skipping steps before connection verification/)
    expect(stdout).not.toMatch(/Required dependencies/)
    expect(stdout).toMatch(/Connection test: \[ERROR\]\n\n1 check failed:/)
  })

  it('is content with a project that is built in a lake, and says why', async () => {
    const { millrace } = await profileProject(
      { default: '{type: snowflake}' },
      { 'dbt_project.yml': 'name: shop\nprofile: shop\n' },
    )
    const { code, stdout, stderr } = await millrace(['debug'])
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/OK not used: the profile shop is of type snowflake/)
    expect(stdout).toMatch(/^ {2}catalog: sqlite /m)
  })

  it('prints how to open the folder of profiles.yml, and nothing else', async () => {
    const { millrace, path } = await profileProject({ default: '{type: duckdb}' })
    const { code, stdout } = await millrace(['debug', '--config-dir'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^To view your profiles\.yml file, run:\n\n(xdg-open|open|start) /)
    expect(stdout.trim().endsWith(path)).toBe(true)
  })
})
