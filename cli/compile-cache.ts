/**
 * Imported before the rest: V8 keeps what it made of our code, so that the next start needs not compile it. In the
 * user's own cache, because whoever could write there would decide what runs.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { defaultCacheDir } from '../core/config/default-cache-dir.ts'

// Where nothing can be written Node goes on without.
enableCompileCache(join(process.env['MILLRACE_CACHE_DIR'] || defaultCacheDir(), 'compiled'))
