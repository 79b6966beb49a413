/** New projects, in empty folders. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openDuckdb, queryRows } from '../../../core/clients/duckdb.ts'
import { runCli } from '../../support/cli.ts'
import { cacheDir, extensionDirectory } from '../../support/extension-directory.ts'
import { makeFolder } from '../../support/project.ts'

let home: string

beforeEach(async () => {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  home = folder.path
})

const dbtVariables = { DBT_PROFILES_DIR: '', DBT_PROFILE: '', DBT_TARGET: '' }

function millrace(args: readonly string[], cwd = home, env: Record<string, string> = {}) {
  return runCli(args, {
    cwd,
    env: { HOME: home, MILLRACE_CACHE_DIR: cacheDir, ...dbtVariables, ...env },
  })
}

const read = (file: string) => readFile(join(home, file), 'utf8')

describe('millrace init', () => {
  it('writes a project that builds at once, with tests that pass', async () => {
    const init = await millrace(['init', 'shop'])
    expect(init.code, init.stderr).toBe(0)
    expect(init.stdout).toMatch(/cd shop\n {2}millrace build/)
    const build = await millrace(['build'], join(home, 'shop'))
    expect(build.code, build.stdout + build.stderr).toBe(0)
    expect(build.stdout).toMatch(/Done\. PASS=\d+ WARN=0 ERROR=0 SKIP=0/)
    expect(build.stderr).not.toMatch(/embedded lake|deprecat|unknown/i)
    await using duckdb = await openDuckdb({
      extensionDirectory,
      path: join(home, 'shop', 'shop.duckdb'),
      threads: 1,
    })
    const rows = await duckdb.withConnection((connection) =>
      queryRows(connection, 'select order_date::text as day, orders from orders_by_day order by 1'),
    )
    expect(rows).toEqual([
      { day: '2026-01-01', orders: 2n },
      { day: '2026-01-02', orders: 1n },
      { day: '2026-01-03', orders: 1n },
    ])
  })

  it('leaves no placeholder, and nothing that git should see after a build', async () => {
    await millrace(['init', 'shop'])
    const entries = await readdir(join(home, 'shop'), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    expect(files.length).toBeGreaterThan(8)
    for (const { parentPath, name } of files) {
      expect(await readFile(join(parentPath, name), 'utf8')).not.toMatch(
        /PROJECT_NAME|PROFILE_NAME/,
      )
    }
    expect(await read('shop/.gitignore')).toMatch(/^target\/$[\s\S]*^\*\.duckdb$/m)
  })

  it('builds in a lake when it is told to write no profile', async () => {
    const init = await millrace(['init', 'shop', '-s'])
    expect(init.code, init.stderr).toBe(0)
    expect(await readdir(join(home, 'shop'))).not.toContain('profiles.yml')
    const parse = await millrace(['parse'], join(home, 'shop'))
    expect(parse.code, parse.stderr).toBe(0)
    expect(parse.stderr).toMatch(/there is no profiles\.yml for the profile shop/)
  })

  it('takes a profile that is there, and refuses one that is not', async () => {
    await writeFile(join(home, 'profiles.yml'), 'mine: {outputs: {default: {type: duckdb}}}\n')
    const missing = await millrace(['init', 'shop', '--profile', 'main'])
    expect(missing.code).toBe(2)
    expect(missing.stderr).toMatch(/profile\/not-found/)
    expect(await readdir(home)).not.toContain('shop')
    const taken = await millrace(['init', 'shop', '--profile', 'mine'])
    expect(taken.code, taken.stderr).toBe(0)
    expect(await read('shop/dbt_project.yml')).toMatch(/^profile: mine$/m)
    expect(await readdir(join(home, 'shop'))).not.toContain('profiles.yml')
  })

  it('adds a profile to the file of DBT_PROFILES_DIR and keeps what is in it', async () => {
    const mine = 'mine: {outputs: {default: {type: duckdb}}} # keep this\n'
    await mkdir(join(home, 'profiles'))
    await writeFile(join(home, 'profiles/profiles.yml'), mine)
    const env = { DBT_PROFILES_DIR: join(home, 'profiles') }
    const { code, stderr } = await millrace(['init', 'shop'], home, env)
    expect(code, stderr).toBe(0)
    const text = await read('profiles/profiles.yml')
    expect(text.startsWith(mine)).toBe(true)
    expect(text).toMatch(/^shop:\n {2}target: dev$/m)
  })

  it('writes the profile of a project that has none here, once', async () => {
    await millrace(['init', 'shop', '--skip-profile-setup'])
    const first = await millrace(['init'], join(home, 'shop'))
    expect(first.stdout).toMatch(/The profile shop was written to/)
    const text = await read('shop/profiles.yml')
    const second = await millrace(['init'], join(home, 'shop'))
    expect(second.stdout).toMatch(/stays as it is/)
    expect(await read('shop/profiles.yml')).toBe(text)
    const refused = await millrace(['init', '--profile', 'other'], join(home, 'shop'))
    expect(refused.code).toBe(2)
  })

  it('begins a project in the folder where it is started, below a millrace.yml too', async () => {
    await writeFile(join(home, 'millrace.yml'), 'name: shop\n')
    await mkdir(join(home, 'below'))
    const init = await millrace(['init', 'shop'], join(home, 'below'))
    expect(init.code, init.stderr).toBe(0)
    expect(await read('below/shop/dbt_project.yml')).toMatch(/name: .?shop/)
  })

  it('never writes over a folder', async () => {
    await mkdir(join(home, 'shop'))
    const { code, stderr } = await millrace(['init', 'shop'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/A project called shop already exists here\./)
    expect(await readdir(join(home, 'shop'))).toEqual([])
  })

  it.each(['my-shop', '1shop', 'a b', '../shop', 'dbt', 'dbt_duckdb'])(
    'refuses the name %j',
    async (name) => {
      const { code, stderr } = await millrace(['init', name])
      expect(code).toBe(2)
      expect(stderr).toContain(`${name} is not a valid project name.`)
      expect(await readdir(home)).toEqual([])
    },
  )

  it('asks nothing where there is no terminal', async () => {
    const { code, stdout, stderr } = await millrace(['init'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/The project needs a name\.[\s\S]*millrace init my_project/)
  })
})
