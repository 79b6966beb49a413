/** `millrace watch` as a real process: files are written as an editor does, and what it builds is looked at. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import { type RunningCli, startCli } from '../../support/cli.ts'
import { cacheDir, extensionDirectory } from '../../support/extension-directory.ts'
import { profileProject } from '../../support/profile-project.ts'
import { type Files, makeFolder, writeProject } from '../../support/project.ts'

const files = {
  'seeds/numbers.csv': 'n\n1\n2\n',
  'models/doubled.sql': "select n * 2 as n from {{ ref('numbers') }}\n",
  'models/summed.sql': "select sum(n)::int as total from {{ ref('doubled') }}\n",
  'models/other.sql': 'select 1 as one\n',
  'models/all.yml': 'models: [{name: doubled, columns: [{name: n, data_tests: [unique]}]}]\n',
}

type Event = Readonly<Record<string, unknown>>

/** A watcher of a folder, and what it tells. */
type Watching = {
  readonly cli: RunningCli
  /** Waits until it has come to rest, and gives what it told since it was asked last. */
  readonly events: () => Promise<readonly Event[]>
}

async function startWatch(folder: string, ...args: readonly string[]): Promise<Watching> {
  const env = { HOME: folder, MILLRACE_CACHE_DIR: cacheDir, DBT_PROFILES_DIR: '', DBT_TARGET: '' }
  const words = ['watch', '--format', 'json', '--project-dir', '.', ...args]
  const cli = startCli(words, { cwd: folder, env })
  onTestFinished(async () => {
    cli.process.kill('SIGKILL')
    await cli.finished
  })
  let read = 0
  let stdout = ''
  cli.process.stdout.on('data', (text: string) => {
    stdout += text
  })
  const lines = () => stdout.split('\n').slice(0, -1)
  return {
    cli,
    events: async () => {
      for (;;) {
        const index = lines().indexOf('{"event":"watch.waiting"}', read)
        if (index >= 0) {
          const found = lines().slice(read, index + 1)
          read = index + 1
          return found.map((line) => JSON.parse(line))
        }
        if (cli.process.exitCode !== null) throw new Error((await cli.finished).stderr)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
  }
}

/** As most editors save: a reader never sees half a file, and the watcher hears of it once. */
async function save(folder: string, texts: Files): Promise<void> {
  for (const [file, text] of Object.entries(texts)) {
    await writeFile(join(folder, '.saved'), text)
    await rename(join(folder, '.saved'), join(folder, file))
  }
}

const ran = (events: readonly Event[]) =>
  events.flatMap(({ event, name }) => (event === 'node.finished' ? [name] : []))
const outcomes = (events: readonly Event[]) =>
  events.flatMap(({ event, outcome }) => (event === 'watch.built' ? [outcome] : []))
const reasons = (events: readonly Event[]) =>
  Object.fromEntries(
    events.flatMap(({ event, unique_id, reason }) =>
      event === 'node.changed' && reason !== null ? [[unique_id, reason]] : [],
    ),
  )

const onFile = (more: Files = {}) =>
  profileProject({ default: '{type: duckdb, path: own.duckdb}' }, { ...files, ...more })

describe('watch on a DuckDB file', () => {
  it('builds all of it first, then what an edit touches, and lets the file go in between', async () => {
    const project = await onFile()
    const watching = await startWatch(project.path)
    const first = await watching.events()
    expect(ran(first).sort()).toEqual(['doubled', 'numbers', 'other', 'summed', 'unique_doubled_n'])
    expect(await project.query('own.duckdb', 'from summed')).toEqual([{ total: 6 }])

    await save(project.path, {
      'models/doubled.sql': "select n * 20 as n from {{ ref('numbers') }}\n",
    })
    const second = await watching.events()
    expect(ran(second)).toEqual(['doubled', 'unique_doubled_n', 'summed'])
    expect(reasons(second)).toEqual({
      'model.shop.doubled': 'its code has changed',
      'model.shop.summed': 'model.shop.doubled is built again',
      [`test.shop.unique_doubled_n.${idOf(second)}`]: 'model.shop.doubled is built again',
    })
    expect(await project.query('own.duckdb', 'from summed')).toEqual([{ total: 60 }])

    await save(project.path, { 'seeds/numbers.csv': 'n\n5\n' })
    expect(ran(await watching.events())).toEqual([
      'numbers',
      'doubled',
      'unique_doubled_n',
      'summed',
    ])
    expect(await project.query('own.duckdb', 'from summed')).toEqual([{ total: 100 }])
  })

  it('builds nothing for a comment, and only the test that a schema file has got', async () => {
    const more = (tests: string) => ({
      'models/more.yml': `models: [{name: other, columns: [{name: one${tests}}]}]\n`,
    })
    const project = await onFile(more(''))
    const watching = await startWatch(project.path, '--no-initial')
    expect(ran(await watching.events())).toEqual([])
    await save(project.path, { 'models/other.sql': 'select 1 as one -- the number\n' })
    expect((await watching.events()).map(({ event }) => event)).toEqual([
      'watch.edited',
      'watch.unchanged',
      'watch.waiting',
    ])
    await project.millrace(['build'])
    await save(project.path, {
      'models/more.yml':
        'models: [{name: other, columns: [{name: one, data_tests: [not_null]}]}]\n',
    })
    expect(ran(await watching.events())).toEqual(['not_null_other_one'])
  })

  it('tells what is wrong with the project, and builds when it is mended', async () => {
    const project = await onFile()
    const watching = await startWatch(project.path)
    await watching.events()
    await save(project.path, {
      'models/summed.sql': "select sum(n) as total from {{ ref('nothing') }}\n",
    })
    const broken = await watching.events()
    expect(broken).toContainEqual({
      event: 'watch.problems',
      problems: [expect.objectContaining({ code: 'model/unknown-ref', file: 'models/summed.sql' })],
    })
    expect(ran(broken)).toEqual([])
    await watching.cli.shows(/error\[model\/unknown-ref\] models\/summed\.sql/)
    await save(project.path, {
      'models/summed.sql': "select max(n) as total from {{ ref('doubled') }}\n",
    })
    expect(ran(await watching.events())).toEqual(['summed'])
    await save(project.path, { 'dbt_project.yml': 'name: [' })
    expect(await watching.events()).toContainEqual(
      expect.objectContaining({ event: 'watch.problems' }),
    )
    await save(project.path, { 'dbt_project.yml': 'name: shop\nprofile: shop\n' })
    const mended = await watching.events()
    expect(outcomes(mended)).toEqual(['committed'])
    expect(reasons(mended)).toMatchObject({ 'model.shop.other': expect.any(String) })
  })

  it('builds again with the next edit what has failed', async () => {
    const project = await onFile({ 'seeds/numbers.csv': 'n\n1\n1\n' })
    const watching = await startWatch(project.path)
    expect(outcomes(await watching.events())).toEqual(['failed'])
    await save(project.path, { 'models/other.sql': 'select 2 as one\n' })
    const second = await watching.events()
    expect(ran(second).sort()).toEqual(['other', 'summed', 'unique_doubled_n'])
    expect(reasons(second)).toMatchObject({ 'model.shop.summed': 'it has not succeeded yet' })
    await save(project.path, { 'seeds/numbers.csv': 'n\n1\n2\n' })
    expect(outcomes(await watching.events())).toEqual(['committed'])
    expect(await project.query('own.duckdb', 'from summed')).toEqual([{ total: 6 }])
  })

  it('takes up what is edited while it builds, and models that come and go', async () => {
    const project = await onFile({
      'models/slow.sql': 'select sum(range) as n from range(300000000)\n',
    })
    const watching = await startWatch(project.path, '--no-initial')
    await watching.events()
    await save(project.path, {
      'models/slow.sql': 'select sum(range) + 1 as n from range(300000000)\n',
    })
    await watching.cli.shows(/watch\.edited/)
    // In the middle of a build or before it: both edits are built, together or one after the other.
    await save(project.path, { 'models/other.sql': 'select 3 as one\n' })
    const all = [...(await watching.events())]
    while (!ran(all).includes('other')) all.push(...(await watching.events()))
    expect(ran(all).sort()).toEqual(['other', 'slow'])

    await mkdir(join(project.path, 'models/new/folder'), { recursive: true })
    await save(project.path, { 'models/new/folder/late.sql': 'select 7 as n\n' })
    expect(ran(await watching.events())).toEqual(['late'])
    await rm(join(project.path, 'models/new'), { recursive: true })
    const gone: Event[] = []
    while (!gone.some(({ event }) => event === 'node.gone')) gone.push(...(await watching.events()))
    expect(gone).toContainEqual({
      event: 'node.gone',
      unique_id: 'model.shop.late',
      relation: 'main.late',
    })
    // What is removed file by file may be looked at twice, and the database is held meanwhile.
    await expect.poll(() => project.query('own.duckdb', 'from late')).toEqual([{ n: 7 }])
  })

  it('waits for a file that somebody else holds, and builds when it is free', async () => {
    const project = await onFile()
    const watching = await startWatch(project.path, '--no-initial')
    await watching.events()
    {
      await using _held = await openDuckdb({
        extensionDirectory,
        path: join(project.path, 'own.duckdb'),
        threads: 1,
      })
      await save(project.path, { 'models/other.sql': 'select 9 as one\n' })
      await watching.cli.shows(/error\[profile\/database-locked\]/)
    }
    expect(outcomes(await watching.events())).toEqual(['committed'])
    expect(await project.query('own.duckdb', 'from other')).toEqual([{ one: 9 }])
  })

  it('stops with exit code 0 while it waits, and says what a build was stopped in', async () => {
    const project = await onFile({ 'models/slow.sql': 'select 1 as n\n' })
    const idle = await startWatch(project.path)
    await idle.events()
    idle.cli.process.kill('SIGINT')
    expect((await idle.cli.finished).code).toBe(0)

    const busy = await startWatch(project.path, '--no-initial')
    await busy.events()
    const endless = 'select sum(a.range * b.range) as n from range(10000000) a, range(10000000) b\n'
    await save(project.path, { 'models/slow.sql': endless })
    await busy.cli.shows(/"reason":"its code has changed"/)
    busy.cli.process.kill('SIGINT')
    const { code, stderr } = await busy.cli.finished
    expect([code, stderr]).toEqual([3, expect.stringContaining('error[cli/interrupted]')])
  })
})

describe('watch on a lake', () => {
  it('begins with what has changed, builds what an edit touches, and publishes it whole', async () => {
    const folder = await makeFolder()
    onTestFinished(() => folder[Symbol.asyncDispose]())
    const lake = '{services: external, lake: {catalog: sqlite, data_path: data/}}'
    await writeProject(folder.path, {
      'dbt_project.yml': 'name: shop\nmodels: {shop: {+materialized: table}}\n',
      'millrace.yml': `name: t\ndefault_target: t\ntargets: {t: ${lake}}\n`,
      ...files,
    })
    const first = await startWatch(folder.path, '--exclude', 'other')
    expect(ran(await first.events()).sort()).toContain('summed')
    first.cli.process.kill('SIGINT')
    await first.cli.finished

    const watching = await startWatch(folder.path)
    expect(ran(await watching.events())).toEqual(['other'])
    const edit = (text: string) => save(folder.path, { 'models/doubled.sql': text })
    await edit("select 1 as n from {{ ref('numbers') }}\n")
    expect(outcomes(await watching.events())).toEqual(['rolled-back'])
    await edit("select n * 3 as n from {{ ref('numbers') }}\n")
    const mended = await watching.events()
    expect(outcomes(mended)).toEqual(['committed'])
    expect(ran(mended)).toEqual(['doubled', 'unique_doubled_n', 'summed'])
  })
})

/** The part of a test's id that is a hash. */
function idOf(events: readonly Event[]): string {
  const ids = events.map(({ unique_id }) => String(unique_id))
  return (
    /^test\.shop\.unique_doubled_n\.(\w+)$/.exec(
      ids.find((id) => id.startsWith('test.')) ?? '',
    )?.[1] ?? ''
  )
}
