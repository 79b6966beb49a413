/**
 * YAML scalars as dbt reads and writes them (YAML 1.1 of PyYAML): `yes` is true, `1.10` a number, `1e3` a text. The
 * hash in the lock file depends on it.
 */

/** What a scalar without quotes means; whole numbers are bigint, others number, as JSON tells them apart. */
export type PlainValue = string | boolean | bigint | number | null

/** What a scalar means that is written without quotes. */
export function readPlainScalar(text: string): PlainValue {
  if (/^(~|null|Null|NULL|)$/.test(text)) return null
  if (/^(yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true
  if (/^(no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)) return false
  const digits = text.replaceAll('_', '')
  if (/^[-+]?(0|[1-9]\d*)$/.test(digits) && /^[-+]?\d/.test(text)) return BigInt(unsigned(digits))
  if (/^([-+]?\d[\d_]*\.[\d_]*|\.\d[\d_]*)([eE][-+]\d+)?$/.test(text)) {
    return Number(unsigned(digits))
  }
  return text
}

function unsigned(digits: string): string {
  return digits.startsWith('+') ? digits.slice(1) : digits
}

/** The text as a scalar that dbt reads back as the same text. */
export function writeScalar(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text)) return writeEscaped(text)
  return isPlain(text) ? text : `'${text.replaceAll("'", "''")}'`
}

/** Numbers of other bases and dates are only recognised here, to be quoted. */
const alsoSpecial =
  /^([-+]?(0b[01_]+|0[0-7_]+|0x[\da-fA-F_]+)|[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?([Tt]| +)\d\d?:\d\d:\d\d.*|=|<<)$/

function isPlain(text: string): boolean {
  if (readPlainScalar(text) !== text || alsoSpecial.test(text)) return false
  if (/^[#,[\]{}&*!|>'"%@`]|^[-?:]( |$)|^(---|\.\.\.)/.test(text)) return false
  return !/^ | $|: | #|:$/.test(text)
}

function writeEscaped(text: string): string {
  const escaped = Array.from(text, (letter) => {
    const code = letter.codePointAt(0) ?? 0
    if (letter === '"' || letter === '\\') return `\\${letter}`
    if (code >= 0x20 && code < 0x7f) return letter
    if (letter === '\n') return '\\n'
    if (letter === '\t') return '\\t'
    const hex = code.toString(16).toUpperCase()
    if (code < 0x100) return `\\x${hex.padStart(2, '0')}`
    return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
  })
  return `"${escaped.join('')}"`
}
