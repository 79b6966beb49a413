#!/usr/bin/env -S node --max-semi-space-size=16 --no-memory-reducer
/**
 * The `millrace` command. By default V8 lets 128 MB fill up with young objects before it collects them; a server does not
 * get quicker by that, only larger. When nobody has asked for some seconds, V8 gives memory back and forgets what it has
 * learned of the code; the callers who come then wait longer. The script `millrace` says the same.
 */
import './node-version.ts'
import './thread-pool.ts'
import './compile-cache.ts'

// Imported from here on, the rest is kept as machine code.
const { runProcess } = await import('./run-process.ts')
await runProcess()
