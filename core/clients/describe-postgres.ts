/** A server's address without its password, for messages. */
export function describePostgres(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url)
    return `PostgreSQL ${hostname}:${port || 5432}${pathname}`
  } catch {
    return 'PostgreSQL (unreadable address)'
  }
}
