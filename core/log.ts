/** Structured logs: one JSON line per event on stderr; secrets are redacted here, once. */
import { createRequire } from 'node:module'
import type { Logger } from 'pino'

export type Log = Logger

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug'

const redactedPaths = ['password', 'secret', 'token', 'authorization', '*.password', '*.secret']

/** Opens a log on stderr. Pass it down, and `child()` it with the scope of whoever writes. */
export function openLog(level: LogLevel): Log {
  // Most commands write no log, and loading pino takes longer than some of them.
  const { destination, pino }: typeof import('pino') = createRequire(import.meta.url)('pino')
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedPaths, censor: '[redacted]' },
    },
    destination({ fd: 2, sync: true }),
  )
}
