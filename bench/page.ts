/** docs/benchmarks.md: sections that scripts write, each between marks of its own, so that none loses another's. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './harness.ts'

const page = join(repository, 'docs/benchmarks.md')

/** Sections in the order in which they stand. */
const order = [
  ...['runner', 'plain', 'tests', 'lake', 'small', 'heavy', 'increment', 'exact', 'keyed'],
  ...['api', 'api-activity', 'api-activity-many', 'api-active-day', 'api-active', 'api-cached'],
  ...['api-overload', 'api-exports'],
  'ml-propensity',
  ...['predictions'],
]

const opening = (name: string) => `<!-- bench ${name}: written by a script; do not edit -->`
const closing = (name: string) => `<!-- end ${name} -->`

/** Puts a section in the place of its last version, or where the order has it. */
export function withSection(text: string, name: string, body: string): string {
  const section = `${opening(name)}\n${body.trim()}\n${closing(name)}\n`
  const start = text.indexOf(opening(name))
  if (start !== -1) {
    const end = text.indexOf(closing(name), start) + closing(name).length + 1
    return text.slice(0, start) + section + text.slice(end)
  }
  const later = order
    .slice(order.indexOf(name) + 1)
    .map((other) => text.indexOf(opening(other)))
    .find((place) => place !== -1)
  if (later !== undefined) return `${text.slice(0, later)}${section}\n${text.slice(later)}`
  return `${text.trimEnd()}\n\n${section}`
}

/** Writes sections into the page; the others stay as they are. */
export function writeSections(sections: ReadonlyMap<string, string>): void {
  let text = existsSync(page) ? readFileSync(page, 'utf8') : '# Benchmarks\n'
  for (const [name, body] of sections) text = withSection(text, name, body)
  writeFileSync(page, text)
}
