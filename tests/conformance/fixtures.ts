/** The fixture projects: `projects/<what-it-shows>/`, each a dbt project with a `conformance.json` beside it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'

const projects = new URL('./projects/', import.meta.url)

const settingsSchema = z.strictObject({
  /** What is being shown, in a sentence. */
  shows: z.string(),
  /** As for `--vars`. */
  vars: z.record(z.string(), z.unknown()).default({}),
  target: z.string().default('dev'),
  environment: z.record(z.string(), z.string()).default({}),
  /** Commands of dbt before it compiles: `deps`. */
  before: z.array(z.array(z.string())).default([]),
  /** Arguments of `ls`, each line one call; a plain `ls` is always among them. */
  ls: z.array(z.string()).default([]),
  /** Arguments of `build`, when it is executed. */
  build: z.array(z.string()).default([]),
  /** Of the second build, where they are others. */
  buildLater: z.array(z.string()).optional(),
  /** Columns that hold the time of a run as text, or a hash of it: not compared. */
  clock: z.array(z.string()).default([]),
})

export type Fixture = z.infer<typeof settingsSchema> & {
  readonly name: string
  readonly folder: string
  /** Run on the empty database before anything compiles, so that templates find tables. */
  readonly setup: string | undefined
  /** Run before it is built, after `setup`: what its sources hold. */
  readonly rows: string | undefined
  /** Run before it is built a second time; undefined where once is enough. */
  readonly rowsLater: string | undefined
}

/** All fixtures by name, or those named. */
export function readFixtures(names: readonly string[] = []): Fixture[] {
  const found = readdirSync(projects).sort()
  const unknown = names.filter((name) => !found.includes(name))
  if (unknown.length > 0) throw new Error(`no such fixture: ${unknown.join(', ')}`)
  return (names.length > 0 ? names : found).map(readFixture)
}

function readFixture(name: string): Fixture {
  const folder = new URL(`${name}/`, projects)
  const text = (file: string) => {
    const path = new URL(file, folder)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }
  return {
    ...settingsSchema.parse(JSON.parse(readFileSync(new URL('conformance.json', folder), 'utf8'))),
    name,
    folder: folder.pathname,
    setup: text('setup.sql'),
    rows: text('rows.sql'),
    rowsLater: text('rows-later.sql'),
  }
}

/** The calls of `ls` for a fixture: the plain one, then its own. */
export function lsCalls({ ls }: Fixture): string[] {
  return ['', ...ls]
}

/** The arguments of one line; no fixture needs quotes. */
export function splitArguments(line: string): string[] {
  return line.split(' ').filter((part) => part !== '')
}
