/** Who may run an instance: root, whose PostgreSQL needs another user, and anybody else. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  type Instance,
  instanceStatus,
  startInstance,
  stopInstance,
} from '../../../local/instance.ts'
import { bringPostgres, findPostgres, installedPostgres } from '../../../local/postgres/binaries.ts'
import { rootPlace } from '../../../local/postgres/data-home.ts'
import { postgresUser } from '../../../local/postgres/system-user.ts'
import { identify } from '../../../local/process/identity.ts'
import { run } from '../../../local/process/run.ts'
import { stateDirIdentity, statePaths } from '../../../local/state.ts'
import { repository } from '../../support/api.ts'
import { startOptions, testInstance, testStateDir } from '../../support/instance.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const isRoot = process.getuid?.() === 0
const setpriv = '/usr/bin/setpriv'
const onlyPostgres = { services: ['postgres'] } as const
const nobody = 65_534

function ownerOf(pid: number | undefined): number {
  return statSync(`/proc/${pid}`).uid
}

async function answer({ settings }: Instance): Promise<unknown> {
  const client = new Client({ connectionString: settings.postgres?.url })
  await client.connect()
  try {
    return (await client.query("select current_setting('fsync') as fsync")).rows
  } finally {
    await client.end()
  }
}

describe.runIf(isRoot)('as root', () => {
  it('runs PostgreSQL as another user, in the state directory where that user can get there', async () => {
    const stateDir = testStateDir()
    chmodSync(stateDir, 0o711)
    const instance = await testInstance({ ...onlyPostgres, stateDir })
    expect(lstatSync(statePaths(stateDir).data('postgres')).isDirectory()).toBe(true)
    expect(ownerOf(instanceStatus(stateDir).services[0]?.pid)).toBe(postgresUser()?.uid)
    expect(await answer(instance)).toEqual([{ fsync: 'on' }])
  })

  it('keeps the data elsewhere when that user cannot get there, and removes it with the rest', async () => {
    const stateDir = testStateDir()
    chmodSync(stateDir, 0o700)
    const instance = await testInstance({ ...onlyPostgres, stateDir })
    const data = readlinkSync(statePaths(stateDir).data('postgres'))
    expect(readFileSync(join(data, 'origin'), 'utf8').trim()).toBe(stateDir)
    expect(await answer(instance)).toEqual([{ fsync: 'on' }])
    await stopInstance(stateDir, { purge: true })
    expect(existsSync(data)).toBe(false)
  })

  it('does not use the data of the directory from which this one was copied', async () => {
    const stateDir = testStateDir()
    chmodSync(stateDir, 0o700)
    await testInstance({ ...onlyPostgres, stateDir })
    const data = readlinkSync(statePaths(stateDir).data('postgres'))
    const copy = `${stateDir}-copy`
    cpSync(stateDir, copy, { recursive: true, verbatimSymlinks: true })
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }))
    const start = startInstance(startOptions(copy, onlyPostgres))
    await expect(start).rejects.toMatchObject({ code: 'services/state-copied', exitCode: 2 })
    await stopInstance(copy, { purge: true })
    expect(existsSync(data)).toBe(true)
    expect(instanceStatus(stateDir).allRunning).toBe(true)
  })

  it('copies the programs into the cache when that user cannot reach node_modules', async () => {
    const clone = temporaryDirectory() // 0700, like a clone under root's home
    const directory = join(clone, 'native')
    cpSync(installedPostgres().directory, directory, { recursive: true, verbatimSymlinks: true })
    const cache = temporaryDirectory()
    chmodSync(cache, 0o755)
    const user = postgresUser()
    const installed = { directory, version: 'test' }
    expect(await findPostgres(cache, user, installed)).toBeUndefined()
    const { postgres } = await bringPostgres(cache, user, installed)
    expect(postgres).toBe(join(cache, 'postgres-test', 'bin', 'postgres'))
    expect((await run(postgres, ['--version'], { user, cwd: '/' })).output).toContain(') 18')
  })

  it('copies them to a place of its own when the cache is out of reach as well', async () => {
    const clone = temporaryDirectory()
    const directory = join(clone, 'native')
    cpSync(installedPostgres().directory, directory, { recursive: true, verbatimSymlinks: true })
    const place = join(rootPlace, 'postgres-test-of-reach')
    onTestFinished(() => rmSync(place, { recursive: true, force: true }))
    const installed = { directory, version: 'test-of-reach' }
    const { postgres } = await bringPostgres(join(clone, 'cache'), postgresUser(), installed)
    expect(postgres).toBe(join(place, 'bin', 'postgres'))
  })
})

describe.runIf(isRoot && existsSync(setpriv))('as an ordinary user', () => {
  /** This clone may lie under a folder that only root may enter; hard links cost a second and no space. */
  let program: string
  beforeAll(() => {
    program = mkdtempSync(join(tmpdir(), 'millrace-program-'))
    chmodSync(program, 0o755)
    const parts = ['core', 'local', 'node_modules', 'package.json']
    const copy = (how: string) =>
      execFileSync('cp', [how, ...parts.map((part) => join(repository, part)), program], {
        stdio: 'pipe',
      })
    try {
      copy('-al')
    } catch {
      copy('-a') // another file system: no hard links
    }
  })
  afterAll(() => rmSync(program, { recursive: true, force: true }))

  /** Runs a piece of a program as nobody; it gets `startInstance` and friends, and the options. */
  function asNobody(stateDir: string, lines: string) {
    const module = pathToFileURL(join(program, 'local/instance.ts')).href
    const options = { ...startOptions(stateDir), boundToThisProcess: false }
    const source = `
      import { instanceStatus, startInstance, stopInstance } from ${JSON.stringify(module)}
      const options = ${JSON.stringify(options)}
      ${lines}`
    const user = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--']
    const node = [
      join(program, 'node_modules/node/bin/node'),
      '--input-type=module',
      '--eval',
      source,
    ]
    return spawnSync(setpriv, [...user, ...node], { cwd: '/', encoding: 'utf8' })
  }

  it('starts, stops and purges everything as that user', () => {
    const stateDir = testStateDir()
    chownSync(stateDir, nobody, nobody)
    const { stdout, stderr } = asNobody(
      stateDir,
      `await startInstance(options)
       console.log(JSON.stringify(instanceStatus(options.stateDir)))
       console.log(await stopInstance(options.stateDir, { purge: true }))`,
    )
    expect(stderr).toBe('')
    const [status = '{}', stopped] = stdout.trim().split('\n')
    expect(JSON.parse(status)).toMatchObject({ allRunning: true })
    expect(stopped).toBe('true')
  })

  it('says so when it may not stop what another user started', () => {
    const stateDir = testStateDir()
    execFileSync('mkdir', ['-p', statePaths(stateDir).lock])
    const roots = spawn('sleep', ['600'])
    onTestFinished(() => void roots.kill('SIGKILL'))
    if (roots.pid === undefined) throw new Error('sleep did not start')
    const record = {
      home: stateDirIdentity(stateDir),
      process: identify(roots.pid),
      startedAt: '2026-01-01T00:00:00.000Z',
      accepting: true,
    }
    execFileSync('tee', [statePaths(stateDir).supervisor], { input: JSON.stringify(record) })
    execFileSync('chown', ['-R', String(nobody), stateDir])
    const { stdout } = asNobody(
      stateDir,
      'await stopInstance(options.stateDir).catch((error) => console.log(error.code))',
    )
    expect(stdout.trim()).toBe('services/will-not-stop')
    expect(roots.exitCode).toBeNull()
  })
})
