/** Takes passwords out of other programs' messages: libpq and DuckDB quote connection strings and statements. */
import type { Secret } from './secret.ts'

/** The text without passwords and without the values of these secrets; a value of up to 3 characters is too common. */
export function withoutSecrets(text: string, secrets: readonly Secret[]): string {
  let clean = text
  for (const secret of secrets) {
    const value = secret.reveal()
    if (value.length <= 3) continue
    // Inside a statement its quotes are doubled.
    for (const form of [value, value.replaceAll("'", "''")]) {
      clean = clean.replaceAll(form, '[redacted]')
    }
  }
  return withoutPasswords(clean)
}

/** The text with `[redacted]` where a password stood. */
export function withoutPasswords(text: string): string {
  return (
    text
      // Inside a quoted SQL literal, where every quote is doubled, and as libpq itself writes it.
      .replaceAll(/password=''(?:\\''|\\[^']|[^'\\])*''/gi, "password='[redacted]'")
      .replaceAll(/password='(?:[^'\\]|\\.)*'/gi, "password='[redacted]'")
      .replaceAll(/\bpassword=[^\s'"&]+/gi, 'password=[redacted]')
      .replaceAll(/\bsecret '(?:[^']|'')*'/gi, "secret '[redacted]'")
      .replaceAll(/(\w+:\/\/[^:@/\s]*):[^/\s]+@/g, '$1:[redacted]@')
  )
}

/** The text without what stands before `@` in an address of the web: a token needs no password beside it. */
export function withoutCredentials(text: string): string {
  return withoutPasswords(text).replaceAll(/\b(https?:\/\/)[^/@\s]+@/g, '$1[redacted]@')
}

/** Values that must not be printed: dbt's own mark for them is the name of the variable. */
export function secretsOf(variables: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(variables).flatMap(([name, value]) =>
    name.startsWith('DBT_ENV_SECRET') && typeof value === 'string' && value.trim() !== ''
      ? [value]
      : [],
  )
}

/** The text with dbt's five stars where one of these values stood. */
export function withStars(text: string, values: readonly string[]): string {
  return values.reduce((rest, value) => rest.replaceAll(value, '*****'), text)
}
