/** Takes passwords out of other programs' messages: libpq and DuckDB quote connection strings and statements. */

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
