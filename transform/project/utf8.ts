/** Files of a project are UTF-8, as they are for dbt. */
import { readFileSync } from 'node:fs'
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'

/** What stands in a text where bytes were no UTF-8; hardly any text has it otherwise. */
const replacement = '\ufffd'

/**
 * What is wrong with a file that was read as UTF-8 and is none; it names the first byte that belongs to no character.
 * @param text what reading `path` gave
 * @param file as messages name it
 */
export function encodingProblem(
  file: string,
  path: string,
  text: string,
): MillraceError | undefined {
  if (!text.includes(replacement)) return undefined
  const bytes = readFileSync(path)
  const offset = invalidByte(bytes)
  if (offset === undefined) return undefined
  const byte = (bytes[offset] ?? 0).toString(16).padStart(2, '0')
  const line = bytes.subarray(0, offset).filter((each) => each === 0x0a).length + 1
  return problem('model/not-utf8', { offset, byte: `0x${byte}` }, { at: { file, line } })
}

/** Where the first sequence begins that is no UTF-8; bytes of it that were written anew are the mark's. */
export function invalidByte(bytes: Buffer): number | undefined {
  const again = Buffer.from(bytes.toString('utf8'))
  const mark = Buffer.from(replacement)
  const length = Math.max(bytes.length, again.length)
  for (let index = 0; index < length; index++) {
    if (bytes[index] !== again[index]) return index - mark.indexOf(again[index] ?? 0)
  }
  return undefined
}
