/** Projects with packages, for tests of `deps`: written into a folder, and installed without the command line. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { secretsOf } from '../../core/redact.ts'
import type { DepsEvent } from '../../transform/packages/deps-event.ts'
import { packageRenderer } from '../../transform/packages/render-value.ts'
import { type DepsRequest, runDeps } from '../../transform/packages/run-deps.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export type Files = Readonly<Record<string, string>>

export function writeFiles(folder: string, files: Files): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** A project `shop` in a folder of its own. */
export function packageProject(files: Files): string {
  return writeFiles(temporaryDirectory(), { 'dbt_project.yml': 'name: shop\n', ...files })
}

/** A git repository with one commit; `git` runs more in it. */
export function gitRepository(files: Files) {
  const path = writeFiles(temporaryDirectory(), files)
  const user = ['-c', 'user.name=somebody', '-c', 'user.email=somebody@example.org']
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', path, ...user, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim()
  const commit = (message: string, more: Files = {}) => {
    writeFiles(path, more)
    git('add', '--all')
    git('commit', '--quiet', '--message', message)
    return git('rev-parse', 'HEAD')
  }
  git('init', '--quiet', '--initial-branch=main')
  return { path, url: `file://${path}`, git, commit, first: commit('first') }
}

export type InstallOptions = Partial<DepsRequest> & {
  readonly environment?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly onEvent?: (event: DepsEvent) => void
}

/** Runs `deps` on the folder; events come back beside the result. */
export async function install(projectDir: string, options: InstallOptions = {}) {
  const { environment = {}, signal, onEvent, ...request } = options
  const events: DepsEvent[] = []
  const all = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment }
  const result = await runDeps(
    {
      projectDir,
      project: 'shop',
      packagesPath: 'dbt_packages',
      hubUrl: 'http://127.0.0.1:9/',
      ...request,
    },
    {
      render: packageRenderer({ environment: all, vars: {} }),
      secrets: secretsOf(all),
      environment: all,
      clock: systemClock,
      signal: signal ?? new AbortController().signal,
      onEvent: (event) => {
        events.push(event)
        onEvent?.(event)
      },
      pausesMs: [1, 1],
    },
  )
  const installed = result.packages.map(({ package: name, from }) => `${name} ${from}`)
  return { ...result, events, installed, lock: () => readLockText(projectDir) }
}

export function readLockText(projectDir: string): string {
  return readFileSync(join(projectDir, 'package-lock.yml'), 'utf8')
}
