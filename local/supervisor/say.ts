/** The supervisor's own log: lines on standard error, which is a file. */
import { writeSync } from 'node:fs'
import { systemClock } from '../../core/clock.ts'

/** Writes a line with the time. Never throws: on a full disk the services must go on without a log. */
export function say(text: string): void {
  try {
    writeSync(2, `${new Date(systemClock.now()).toISOString()} ${text}\n`)
  } catch {
    // There is nowhere left to say it.
  }
}
