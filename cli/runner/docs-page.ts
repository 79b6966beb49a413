/** The page of `docs generate`: reads the artifacts beside it, or holds them. */
import { readFile } from 'node:fs/promises'
import { shippedFile } from '../../core/shipped-file.ts'

const place = '<script id="data" type="application/json">null</script>'

export function readDocsPage(): Promise<string> {
  return readFile(shippedFile('cli/docs-page/index.html'), 'utf8')
}

/** The page with the artifacts in it, so that the one file is all that has to be sent. */
export function embedInPage(page: string, artifacts: string): string {
  // Inside a script only `</` and `<!--` have a meaning; as text of JSON they may be escaped.
  const safe = artifacts.replaceAll('<', '\\u003c')
  return page.replace(place, () => place.replace('null', () => safe))
}
