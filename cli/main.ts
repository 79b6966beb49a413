#!/usr/bin/env node
/** The `millrace` command. */
import './node-version.ts'
import './thread-pool.ts'
import './compile-cache.ts'

// Imported from here on, the rest is kept as machine code.
const { runProcess } = await import('./run-process.ts')
await runProcess()
