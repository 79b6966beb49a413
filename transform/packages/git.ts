/** Packages from git, through the git command: one commit is fetched, without its history where the server can. */
import { spawn } from 'node:child_process'
import { mkdir, realpath, rm } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { isProblem } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'

export type GitOptions = {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Takes secrets out of what is printed. */
  readonly hide: (text: string) => string
}

export type GitRequest = {
  readonly url: string
  /** Branch, tag or commit; undefined is the default branch. */
  readonly revision: string | undefined
  readonly subdirectory: string | undefined
}

export type Checkout = {
  /** Where the package lies: the folder, or the subdirectory in it. */
  readonly path: string
  /** Full name of the commit. */
  readonly commit: string
}

/**
 * Fetches one commit into `folder`, which must not be there. Nothing of git stays in it: its configuration would keep
 * the address with the credentials.
 * @throws `packages/no-git`, `packages/git-failed`, `packages/no-revision`, `packages/no-project`
 */
export async function checkOut(
  request: GitRequest,
  folder: string,
  options: GitOptions,
): Promise<Checkout> {
  const { url, subdirectory } = request
  const shown = options.hide(url)
  if (url.startsWith('-'))
    throw problem('packages/git-failed', { url: shown, reason: 'no address' })
  await mkdir(folder, { recursive: true })
  const git = (...args: string[]) => runGit(args, folder, shown, options)
  await git('init', '--quiet', '--template=')
  const fetched = await fetchRevision(request, git, shown)
  await git('checkout', '--quiet', '--detach', fetched)
  const commit = (await git('rev-parse', 'HEAD')).trim()
  await rm(join(folder, '.git'), { recursive: true, force: true })
  if (subdirectory === undefined) return { path: folder, commit }
  const root = await realpath(folder)
  const path = await realpath(join(root, subdirectory)).catch(() => undefined)
  if (path?.startsWith(`${root}${sep}`)) return { path, commit }
  const reason = `its revision ${commit} has no folder ${subdirectory}`
  throw problem('packages/no-project', { package: shown, reason })
}

type Git = (...args: string[]) => Promise<string>

/** Fetches the wanted commit and gives its name. */
async function fetchRevision(
  { url, revision }: GitRequest,
  git: Git,
  shown: string,
): Promise<string> {
  const fetchOnly = async (what: string) => {
    await git('fetch', '--quiet', '--depth', '1', '--no-tags', '--', url, what)
    return 'FETCH_HEAD'
  }
  if (revision === undefined || revision === 'HEAD') return await fetchOnly('HEAD')
  const isFullName = /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(revision)
  if (isFullName) {
    const fetched = await ifGitCan(fetchOnly(revision))
    if (fetched !== undefined) return fetched
  }
  const refs = await remoteRefs(git, url)
  // A tag wins over a branch of the same name, as in dbt.
  const found = [`refs/tags/${revision}`, `refs/heads/${revision}`].find((ref) => refs.has(ref))
  if (found !== undefined) return await fetchOnly(found)
  // A server may refuse to hand out single commits, and only the history knows a shortened name.
  if (/^[0-9a-f]{7,64}$/.test(revision)) {
    const all = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*']
    await git('fetch', '--quiet', '--', url, ...all)
    const commit = await ifGitCan(git('rev-parse', '--quiet', '--verify', `${revision}^{commit}`))
    if (commit !== undefined) return commit.trim()
  }
  const names = [...refs].map((ref) => ref.replace(/^refs\/(tags|heads)\//, ''))
  throw problem('packages/no-revision', { url: shown, revision, nearest: nearest(revision, names) })
}

async function remoteRefs(git: Git, url: string): Promise<Set<string>> {
  const text = await git('ls-remote', '--quiet', '--heads', '--tags', '--', url)
  return new Set(text.split('\n').map((line) => line.split('\t')[1] ?? ''))
}

/** Undefined when git refused; that git is missing or was stopped is no answer to that. */
async function ifGitCan(work: Promise<string>): Promise<string | undefined> {
  return await work.catch((error: unknown) => {
    if (isProblem(error, 'packages/git-failed')) return undefined
    throw error
  })
}

/** Settings of git that nobody's own configuration may change here. */
const settings = [
  ['core.hooksPath', '/dev/null'],
  ['protocol.ext.allow', 'never'],
  ['http.lowSpeedLimit', '1000'], // bytes a second …
  ['http.lowSpeedTime', '30'], // … for so many seconds: then the other side is dead
  ['advice.detachedHead', 'false'],
].flatMap(([key, value]) => ['-c', `${key}=${value}`])

async function runGit(
  args: readonly string[],
  folder: string,
  shown: string,
  { environment, signal, hide }: GitOptions,
): Promise<string> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn('git', [...settings, '-C', folder, ...args], {
    env: gitEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.on('error', (cause: NodeJS.ErrnoException) => {
    if (signal.aborted) return // it still writes until it has closed
    if (cause.code === 'ENOENT') reject(problem('packages/no-git', {}, { cause }))
    else reject(problem('packages/git-failed', { url: shown, reason: cause.message }, { cause }))
  })
  child.on('close', (code) => {
    if (signal.aborted) reject(signal.reason)
    if (code === 0) resolve(output)
    const reason = hide(errors.trim() || `git ended with ${code}`)
    reject(problem('packages/git-failed', { url: shown, reason }))
  })
  return await promise
}

/** Variables of a hook or a rebase around us would lead git elsewhere; and nobody sits there to answer it. */
function gitEnvironment(
  environment: GitOptions['environment'],
): Record<string, string | undefined> {
  const { GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE, GIT_OBJECT_DIRECTORY, ...rest } = environment
  return { ...rest, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' }
}
