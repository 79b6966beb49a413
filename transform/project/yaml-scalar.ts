/**
 * What a plain scalar of YAML means, by the rules that dbt's reader has (YAML 1.1): `yes` is true, `010` is eight.
 * Dates stay text, which is how they print.
 */

/** Words that mean something else than themselves. */
const words = new Map<string, boolean | null | number>([
  ['', null],
  ['~', null],
  ['null', null],
  ['Null', null],
  ['NULL', null],
  ...['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map(
    (word) => [word, true] as const,
  ),
  ...['false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map(
    (word) => [word, false] as const,
  ),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map(
    (word) => [word, Number.POSITIVE_INFINITY] as const,
  ),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
])

const decimal = /^[-+]?(?:0|[1-9][\d_]*)$/
const octal = /^[-+]?0[0-7_]+$/
const otherBase = /^[-+]?0(?:b[01_]+|x[\da-fA-F_]+)$/
const sexagesimal = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/
const fraction = /^(?:[-+]?\d[\d_]*\.[\d_]*|\.\d[\d_]*)(?:[eE][-+]\d+)?$/

/** @param text without the blanks around it */
export function resolveScalar(text: string): unknown {
  const word = words.get(text)
  if (word !== undefined) return word
  // Most scalars are words: one look at the first character spares them the patterns.
  const first = text.charCodeAt(0)
  const mayBeNumber = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46
  return mayBeNumber ? resolveNumber(text) : text
}

function resolveNumber(text: string): unknown {
  const plain = text.replaceAll('_', '')
  if (decimal.test(text)) return exact(Number(plain), text)
  if (octal.test(text)) return signed(plain, (digits) => Number.parseInt(digits, 8))
  if (otherBase.test(text)) return signed(plain, Number)
  if (fraction.test(text)) return Number(plain)
  if (sexagesimal.test(text) && !/^[-+]?0\d*:/.test(text)) return signed(plain, inSixties)
  return text
}

/** A whole number too large to be exact stays text, so that no digit is lost. */
function exact(value: number, text: string): number | string {
  return Number.isSafeInteger(value) ? value : text
}

function signed(text: string, read: (digits: string) => number): number {
  const value = read(text.replace(/^[-+]/, ''))
  return text.startsWith('-') ? -value : value
}

/** `1:30` is ninety. */
function inSixties(text: string): number {
  return text.split(':').reduce((total, part) => total * 60 + Number(part), 0)
}
