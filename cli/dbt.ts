#!/usr/bin/env node
/** The `dbt` command: for tools and habits that call dbt. */
import './node-version.ts'
import './thread-pool.ts'
import './compile-cache.ts'

// Imported from here on, the rest is kept as machine code.
const { runProcess } = await import('./run-process.ts')
const { runDbt } = await import('./dbt/run-dbt.ts')
await runProcess(runDbt)
