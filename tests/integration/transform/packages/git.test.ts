import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { checkOut, type GitRequest } from '../../../../transform/packages/git.ts'
import { gitRepository } from '../../../support/package-project.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const environment = { PATH: process.env['PATH'], HOME: process.env['HOME'] }

async function fetchPackage(
  request: Partial<GitRequest> & Pick<GitRequest, 'url'>,
  given: { readonly environment?: object; readonly signal?: AbortSignal } = {},
) {
  const folder = join(temporaryDirectory(), 'checkout')
  const checkout = await checkOut(
    { revision: undefined, subdirectory: undefined, ...request },
    folder,
    {
      environment: { ...environment, ...given.environment },
      signal: given.signal ?? new AbortController().signal,
      hide: (text) => text.replaceAll('hunter2', '*****'),
    },
  )
  return { ...checkout, folder }
}

async function failure(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => undefined,
    (thrown) => thrown,
  )
  if (!isProblem(error)) throw error
  return error
}

const files = { 'dbt_project.yml': 'name: p\n', 'sub/dbt_project.yml': 'name: sub\n' }

describe('a package of git', () => {
  it('is fetched at a branch, a tag, a commit or the default branch', async () => {
    const { url, git, commit, first } = gitRepository(files)
    git('tag', 'light')
    git('tag', '-a', 'full', '-m', 'annotated')
    git('branch', 'feature/x')
    const second = commit('second', { second: '' })
    const at = async (revision?: string) => (await fetchPackage({ url, revision })).commit
    expect(await at()).toBe(second)
    expect(await at('HEAD')).toBe(second)
    expect(await at('main')).toBe(second)
    expect(await at('light')).toBe(first)
    expect(await at('full')).toBe(first)
    expect(await at('feature/x')).toBe(first)
    expect(await at(first)).toBe(first)
    expect(await at(first.slice(0, 10))).toBe(first)
    const { folder } = await fetchPackage({ url, revision: 'light' })
    expect(readdirSync(folder).sort()).toEqual(['dbt_project.yml', 'sub'])
  })

  it('comes from the tag when a branch has the same name, as in dbt', async () => {
    const { url, git, commit, first } = gitRepository(files)
    git('tag', 'same')
    git('branch', 'same')
    git('checkout', '--quiet', 'refs/heads/same')
    git('switch', '--quiet', 'same')
    commit('second', { second: '' })
    expect((await fetchPackage({ url, revision: 'same' })).commit).toBe(first)
  })

  it('comes from a plain path too, and from a server that speaks git', async () => {
    const { path, first } = gitRepository(files)
    expect((await fetchPackage({ url: path })).commit).toBe(first)
    const base = await serveGit(dirname(path))
    const url = `${base}${path.slice(dirname(path).length)}`
    expect((await fetchPackage({ url, revision: 'main' })).commit).toBe(first)
    expect((await fetchPackage({ url, revision: first })).commit).toBe(first)
    expect((await fetchPackage({ url, revision: first.slice(0, 8) })).commit).toBe(first)
  })

  it('is only a folder of the repository when a subdirectory is named', async () => {
    const { url, first } = gitRepository(files)
    const { path, folder } = await fetchPackage({ url, subdirectory: 'sub' })
    expect(path).toBe(join(folder, 'sub'))
    for (const subdirectory of ['none', '..', '../..', '/', '.git']) {
      const error = await failure(fetchPackage({ url, subdirectory }))
      expect(error.message).toContain(`its revision ${first} has no folder ${subdirectory}`)
    }
  })

  it('that does not exist is told, with the nearest name', async () => {
    const { url, git } = gitRepository(files)
    git('tag', 'v1.2.0')
    const wrong = await failure(fetchPackage({ url, revision: 'v1.2.1' }))
    expect([wrong.code, wrong.hint]).toEqual(['packages/no-revision', 'did you mean v1.2.0?'])
    const commit = await failure(fetchPackage({ url, revision: '0'.repeat(40) }))
    expect(commit.code).toBe('packages/no-revision')
    const nowhere = await failure(fetchPackage({ url: 'file:///hunter2/none' }))
    expect(nowhere.code).toBe('packages/git-failed')
    expect(nowhere.message).toContain('does not appear to be a git repository')
    expect(nowhere.message).not.toContain('hunter2')
  })

  it('cannot smuggle options or commands into git', async () => {
    const { url } = gitRepository(files)
    const mark = join(temporaryDirectory(), 'mark')
    const attacks: readonly Pick<GitRequest, 'url' | 'revision'>[] = [
      { url: `--upload-pack=touch ${mark}`, revision: undefined },
      { url: `ext::sh -c touch% ${mark}`, revision: undefined },
      { url, revision: `--upload-pack=touch ${mark}` },
      { url, revision: `$(touch ${mark})` },
      { url: `${url};touch ${mark}`, revision: undefined },
    ]
    for (const attack of attacks) await failure(fetchPackage(attack))
    expect(existsSync(mark)).toBe(false)
  })

  it('is not left before git has ended when it is stopped', async () => {
    const folder = temporaryDirectory()
    const [started, ended] = [join(folder, 'started'), join(folder, 'ended')]
    // A git that takes its time to end, as one does that removes its lock files.
    const script = `#!/bin/sh\ntrap 'sleep 0.3; : > ${ended}; exit 1' TERM\n: > ${started}\nsleep 2 & wait\n`
    writeFileSync(join(folder, 'git'), script, { mode: 0o755 })
    const stop = new AbortController()
    const PATH = `${folder}:${environment.PATH}`
    const work = fetchPackage({ url: 'x' }, { environment: { PATH }, signal: stop.signal })
    const left = expect(work).rejects.toThrow('enough')
    while (!existsSync(started)) await new Promise((resolve) => setTimeout(resolve, 10))
    stop.abort(new Error('enough'))
    await left
    expect(existsSync(ended)).toBe(true)
  })

  it('is fetched the same from inside a hook of another repository', async () => {
    const { url, first } = gitRepository(files)
    const other = gitRepository({ other: '' })
    const hook = {
      GIT_DIR: join(other.path, '.git'),
      GIT_WORK_TREE: other.path,
      GIT_INDEX_FILE: 'x',
    }
    expect((await fetchPackage({ url }, { environment: hook })).commit).toBe(first)
  })

  it('needs a git, and says so', async () => {
    const error = await failure(fetchPackage({ url: 'x' }, { environment: { PATH: '/nowhere' } }))
    expect(error.code).toBe('packages/no-git')
  })

  it('stops to be fetched when that is asked for', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as AddressInfo // it listens on a port
    const stop = new AbortController()
    silent.on('connection', () => stop.abort(new Error('enough')))
    const url = `git://127.0.0.1:${port}/x`
    await expect(fetchPackage({ url }, { signal: stop.signal })).rejects.toThrow('enough')
  })
})

/** A git daemon over the repositories of a folder, gone with the test. */
async function serveGit(folder: string): Promise<string> {
  const port = await freePort()
  const args = ['daemon', '--reuseaddr', '--listen=127.0.0.1', `--port=${port}`, '--export-all']
  const daemon = spawn('git', [...args, `--base-path=${folder}`, folder], { detached: true })
  onTestFinished(() => stop(daemon))
  const url = `git://127.0.0.1:${port}`
  await expect.poll(() => canConnect(port), { timeout: 10_000 }).toBe(true)
  return url
}

/** With the process that git started for it. */
function stop(daemon: ChildProcess): void {
  if (daemon.pid !== undefined) process.kill(-daemon.pid, 'SIGTERM')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function canConnect(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    socket.unref()
    socket.on('connect', () => socket.destroy())
  })
}
