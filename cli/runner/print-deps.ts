/** What `deps` does, as lines of dbt on stdout; what it waits for goes to the progress line. */
import type { AddedPackage, NewPackage } from '../../transform/packages/add-package.ts'
import type { DepsEvent } from '../../transform/packages/deps-event.ts'
import type { DepsResult } from '../../transform/packages/run-deps.ts'
import { openProgress } from '../progress.ts'

export interface DepsPrinter {
  added(what: NewPackage, result: AddedPackage): void
  event(event: DepsEvent): void
  finish(result: DepsResult, wasDryRun: boolean): void
  close(): void
}

export function openDepsPrinter(): DepsPrinter {
  const progress = openProgress(process.stderr)
  const outdated: string[] = []
  const write = (...lines: readonly string[]) => {
    progress.clear()
    const time = new Date().toISOString().slice(11, 19)
    for (const line of lines) process.stdout.write(`${time}  ${line}\n`)
  }
  return {
    added({ name, version }, { file, isNewFile, removed }) {
      if (isNewFile) write('Created packages.yml')
      for (const entry of removed) {
        write(`Found duplicate package in packages.yml, removing: ${pythonDict(entry)}`)
      }
      write(`Added new package ${name}@${version ?? 'None'} to ${file}`)
    },
    event(event) {
      if (event.kind === 'fetching') progress.update(`fetching ${event.what}`)
      else if (event.kind === 'retrying') progress.line(retryLine(event.reason, event.pauseMs))
      else write(...linesOf(event))
      if (event.kind === 'installed' && event.latest !== event.version) outdated.push(event.package)
    },
    finish({ packages, fromLock }, wasDryRun) {
      progress.clear()
      if (wasDryRun) {
        const source = fromLock ? 'package-lock.yml' : 'packages.yml'
        for (const one of packages) write(`Would install ${one.package} from ${one.from}`)
        write(`Nothing was changed; the versions come from ${source}.`)
      }
      if (outdated.length === 0) return
      write('', `Updates available for packages: ${pythonList(outdated)}`)
      process.stdout.write(
        'Update your versions in packages.yml, then run millrace deps --upgrade\n',
      )
    },
    close: () => progress.clear(),
  }
}

function linesOf(event: Exclude<DepsEvent, { kind: 'fetching' | 'retrying' }>): string[] {
  switch (event.kind) {
    case 'nothing-listed':
      return ['Warning: No packages were found in packages.yml']
    case 'unpinned':
      return [
        `[WARNING]: The git package "${event.url}" \n\tis ${unpinnedAs(event.revision)}.\n\tThis can introduce breaking changes into your project without warning!`,
      ]
    case 'moved':
      return [
        `[WARNING]: The package ${event.package} is deprecated in favor of ${event.to}. Please update your packages.yml to use ${event.to} instead.`,
      ]
    case 'scrubbed':
      return [
        `[WARNING]: Detected secret env var in ${event.package}. The lock file holds it without the secret and cannot install it: write the variable instead, {{ env_var('…') }}, or run deps with --upgrade.`,
      ]
    case 'locked':
      return [`Updating lock file in file path: ${event.file}`]
    case 'installed':
      return installedLines(event)
    default:
      return event satisfies never
  }
}

function unpinnedAs(revision: string): string {
  return revision === 'HEAD'
    ? 'not pinned, using HEAD (default branch)'
    : `pinned to the "${revision}" branch`
}

function installedLines(event: Extract<DepsEvent, { kind: 'installed' }>): string[] {
  const { latest, version, subdirectory } = event
  const update = version === latest ? 'Up to date!' : `Updated version available: ${latest}`
  return [
    `Installing ${event.package}`,
    `Installed from ${event.from}`,
    ...(latest === undefined ? [] : [update]),
    ...(subdirectory === undefined ? [] : [`and subdirectory ${subdirectory}`]),
  ]
}

function retryLine(reason: string, pauseMs: number): string {
  return `${reason} Trying again in ${pauseMs / 1_000} s.`
}

function pythonList(texts: readonly string[]): string {
  return `[${texts.map((text) => `'${text}'`).join(', ')}]`
}

function pythonDict(entry: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(entry).filter(([, value]) => typeof value === 'string')
  return `{${pairs.map(([key, value]) => `'${key}': '${value}'`).join(', ')}}`
}
