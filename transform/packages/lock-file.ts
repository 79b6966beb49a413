/** `package-lock.yml`: every package that was resolved, pinned. It is read and written byte for byte as dbt does. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { ListedPackage } from './package-entry.ts'
import { writeScalar } from './plain-scalar.ts'
import { type RenderText, readEntry } from './read-entry.ts'
import { readYamlValues } from './yaml-values.ts'

export const lockFileName = 'package-lock.yml'

/** In the packages folder: the lock file that it was installed from. dbt takes folders there for packages, not files. */
export const installedLockName = '.package-lock.yml'

/** What the lock file says of one package; keys as dbt names them. */
export type LockEntry = Readonly<Record<string, string>>

export type Lock = {
  readonly packages: readonly ListedPackage[]
  readonly hash: string | undefined
}

/**
 * The lock file of a folder, or undefined when there is none.
 * @param render undefined leaves templates in the values as they are
 * @throws `packages/bad-lock`
 */
export async function readLock(
  folder: string,
  render: RenderText | undefined,
  name = lockFileName,
): Promise<Lock | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const { value, positionOf } = readYamlValues(name, text)
    const items = value['packages'] ?? []
    if (!Array.isArray(items)) throw bad('packages: must be a list')
    const packages = items.map((item: unknown, index) =>
      readEntry(item, positionOf('packages', index), render),
    )
    const hash = value['sha1_hash']
    return { packages, hash: typeof hash === 'string' ? hash : undefined }
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code === 'packages/bad-lock') throw error
    const reason = error.message.replace(/\.$/, '')
    throw problem('packages/bad-lock', { reason }, { at: error.at ?? { file: name }, cause: error })
  }
}

function bad(reason: string): MillraceError {
  return problem('packages/bad-lock', { reason }, { at: { file: lockFileName } })
}

/** The lock file as text. */
export function renderLock(packages: readonly LockEntry[], hash: string): string {
  const lines = packages.flatMap((entry) =>
    Object.keys(entry)
      .sort()
      .map((key, index) => `  ${index === 0 ? '-' : ' '} ${key}: ${writeScalar(entry[key] ?? '')}`),
  )
  const list = lines.length === 0 ? 'packages: []' : ['packages:', ...lines].join('\n')
  return `${list}\nsha1_hash: ${writeScalar(hash)}\n`
}
