/**
 * Files that stand beside the code. Every source of `core` and every file of the release (rolldown.config.ts) lies
 * one folder below the root that holds them, so the way there is the same from both.
 */
import { fileURLToPath } from 'node:url'

/** Whether the TypeScript sources are run, and not what was bundled from them. */
export const runsFromSources = import.meta.url.endsWith('.ts')

/** The absolute path of a file that is named from the root of the sources. */
export function shippedFile(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}
