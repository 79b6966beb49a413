/** A log file that is appended to, and put aside when it grows too large: dbt.log, dbt.log.1, … dbt.log.5. */
import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** dbt's bound: 10 MiB. */
const defaultMaxBytes = 10 * 1024 * 1024
const keptFiles = 5

export type LogFile = {
  /** Appends text, which ends its own lines. */
  readonly append: (text: string) => void
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
  return { append: (text) => attempt(() => appendFileSync(file, text)) }
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
