/**
 * Imported before anything else: each running DuckDB query holds a thread of libuv's pool, and with the
 * default of 4 a fifth query waits for the others. libuv reads the variable at the pool's first use.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16'
