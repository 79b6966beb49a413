/** Where downloads are kept unless a setting says otherwise; apart from the configuration, which takes long to load. */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** As root the cache lies outside root's home, because PostgreSQL's own user has to reach it. */
export function defaultCacheDir(): string {
  return process.getuid?.() === 0 ? '/var/cache/millrace' : join(homedir(), '.cache', 'millrace')
}
