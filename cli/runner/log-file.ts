/** A log file that is appended to, and put aside when it grows too large: dbt.log, dbt.log.1, … dbt.log.5. */
import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** dbt's bound: 10 MiB. */
const defaultMaxBytes = 10 * 1024 * 1024
const keptFiles = 5

/** Text waits until there is this much of it: a file is opened for each write. */
const bufferedCharacters = 32 * 1024

export type LogFile = {
  /** Appends text, which ends its own lines. It is in the file when the process ends, at the latest. */
  readonly append: (text: string) => void
  /** Writes what waits; nothing is appended afterwards. */
  readonly close: () => void
}

/** A folder that cannot be written costs the log, not the command; it is said once, on stderr. */
export function openLogFile(file: string, maxBytes = defaultMaxBytes): LogFile {
  let isBroken = false
  const attempt = (work: () => void) => {
    if (isBroken) return
    try {
      work()
    } catch (error) {
      isBroken = true
      const reason = error instanceof Error ? error.message : String(error)
      process.stderr.write(`note: ${file} is not written: ${reason}\n`)
    }
  }
  attempt(() => {
    mkdirSync(dirname(file), { recursive: true })
    if (sizeOf(file) >= maxBytes) rotate(file)
  })
  let waiting = ''
  const flush = () => {
    const text = waiting
    waiting = ''
    if (text !== '') attempt(() => appendFileSync(file, text))
  }
  process.once('exit', flush)
  return {
    append: (text) => {
      waiting += text
      if (waiting.length >= bufferedCharacters) flush()
    },
    close: () => {
      process.off('exit', flush)
      flush()
    },
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function rotate(file: string): void {
  rmSync(`${file}.${keptFiles}`, { force: true })
  for (let number = keptFiles - 1; number >= 0; number--) {
    const from = number === 0 ? file : `${file}.${number}`
    if (statSync(from, { throwIfNoEntry: false })) renameSync(from, `${file}.${number + 1}`)
  }
}
