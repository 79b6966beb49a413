/** Structured logs: one JSON line per event on stderr; secrets are redacted here, once. */
import { createRequire } from 'node:module'
import type { Logger } from 'pino'

export type Log = Logger

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug'

const redactedPaths = ['password', 'secret', 'token', 'authorization', '*.password', '*.secret']

/** Lines wait for so many characters, or so many milliseconds, to be written together. */
const together = { minLength: 4096, periodicFlush: 100 }

export type LogOptions = {
  /** For who writes many lines a second: of a process that is killed, the last tenth of a second is lost. */
  readonly isBuffered?: boolean
}

/** Opens a log on stderr. Pass it down, and `child()` it with the scope of whoever writes. */
export function openLog(level: LogLevel, { isBuffered = false }: LogOptions = {}): Log {
  // Most commands write no log, and loading pino takes longer than some of them.
  const { destination, pino }: typeof import('pino') = createRequire(import.meta.url)('pino')
  const stderr = destination({ fd: 2, sync: true, ...(isBuffered ? together : {}) })
  // A full disk under the log must not end the service; without a listener it would.
  stderr.on('error', () => {})
  if (isBuffered) process.once('exit', () => stderr.flushSync())
  return pino(
    {
      level,
      base: null,
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedPaths, censor: '[redacted]' },
    },
    stderr,
  )
}

/** The same log for lines of known fields, none of which is a secret: looking for them takes longer than writing. */
export function withoutRedaction(log: Log): Log {
  return log.child({}, { redact: [] })
}

let lastTime = 0
let lastText = ''

/** As pino's own, which writes it anew for each line. */
function isoTime(): string {
  const now = Date.now()
  if (now !== lastTime) {
    lastTime = now
    lastText = `,"time":"${new Date(now).toISOString()}"`
  }
  return lastText
}
