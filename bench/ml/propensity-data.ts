/** A simulated history in a lake, its features exported, and the true chance to buy of each row that is judged. */
import { hash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe } from '../../cli/ml/feature-project.ts'
import { openDuckdb, queryRows } from '../../core/clients/duckdb.ts'
import { type Lake, openLake } from '../../core/clients/lake.ts'
import { systemClock } from '../../core/clock.ts'
import { processEnvironment } from '../../core/config/environment.ts'
import { loadConfig } from '../../core/config.ts'
import {
  deadLetterColumns,
  lineageColumns,
  userActivitySchema,
} from '../../core/contracts/user-activity.ts'
import { openPopulation } from '../../ingest/producer/population.ts'
import { populationOf, type SimulationOptions, simulate } from '../../ingest/producer/simulate.ts'
import { purchasePropensity } from '../../ingest/producer/user-model.ts'
import { exportFeatures } from '../../ml/features/export.ts'
import { findFeatureSet } from '../../ml/features/feature-set.ts'
import type { Manifest } from '../../ml/features/manifest.ts'
import {
  compileProject,
  ducklakeAdapter,
  loadProject,
  planRun,
  runPlan,
} from '../../transform/index.ts'
import { repository } from '../harness.ts'

const dayMs = 86_400_000
/** Weekly instants: those of the days between have labels that overlap. */
const vars = { feature_interval_days: 7 }

/** Leaves `export/` and `chances.csv` in the folder. */
export async function makeExport(simulation: SimulationOptions, folder: string): Promise<void> {
  const began = performance.now()
  const say = (what: string) =>
    console.log(`${what} after ${Math.round((performance.now() - began) / 1000)} s`)
  const events = join(folder, 'events.ndjson')
  await writeEvents(simulation, events)
  say('simulated')
  const lake = await openBenchLake(folder)
  try {
    await landAsItHappens(lake, events)
    rmSync(events)
    say('landed')
    const { graph } = await buildModels(lake)
    say('built')
    const set = findFeatureSet(describe(graph), {
      features: 'user_purchase_features',
      labels: 'user_purchase_labels',
    })
    const { manifest } = await exportFeatures(
      lake,
      set,
      () => folderPlace(join(folder, 'export')),
      {
        // What is known of users grows until the window is full.
        warmUpDays: simulation.days / 4,
        validationShare: 0.2,
        testShare: 0.3,
        sqlHash: hash('sha256', set.logic.map(({ code }) => code).join('\n')),
      },
    )
    say('exported')
    await writeChances(lake, simulation, manifest, folder)
  } finally {
    lake.close()
  }
}

async function writeEvents(simulation: SimulationOptions, file: string): Promise<void> {
  const out = createWriteStream(file)
  let lines: string[] = []
  for (const { text } of simulate(simulation)) {
    lines.push(text)
    if (lines.length < 5_000) continue
    if (!out.write(`${lines.join('\n')}\n`)) await once(out, 'drain')
    lines = []
  }
  out.end(`${lines.join('\n')}\n`)
  await once(out, 'finish')
}

async function openBenchLake(folder: string): Promise<Lake> {
  const environment = processEnvironment
  const { cacheDir } = loadConfig({ projectDir: repository, target: 'local', environment })
  const duckdb = await openDuckdb({
    extensionDirectory: join(cacheDir, 'duckdb-extensions'),
    extensions: ['ducklake', 'sqlite_scanner'],
    memoryLimit: '8GB',
    tempDirectory: join(folder, 'spill'),
  })
  return await openLake(duckdb, {
    catalog: { kind: 'sqlite', path: join(folder, 'lake.sqlite') },
    dataPath: `${join(folder, 'lake')}/`,
  })
}

/** The columns that the registrar makes; each event landed half a minute after it happened. */
async function landAsItHappens(lake: Lake, events: string): Promise<void> {
  const list = (columns: readonly { readonly name: string; readonly type: string }[]) =>
    columns.map(({ name, type }) => `"${name}" ${type}`).join(', ')
  const { columns } = userActivitySchema
  const names = columns.map(({ name }) => `"${name}"`).join(', ')
  const types = columns.map(({ name, type }) => `'${name}': '${type}'`).join(', ')
  await lake.transaction(async (transaction) => {
    await transaction.run('create schema lake.raw')
    await transaction.run('create schema if not exists lake.ops')
    await transaction.run(
      `create table lake.raw.user_activity_logs (${list([...columns, ...lineageColumns])})`,
    )
    await transaction.run(`create table lake.ops.dead_letters (${list(deadLetterColumns)})`)
    await transaction.run(
      `insert into lake.raw.user_activity_logs
         (${names}, _topic, _partition, _offset, _kafka_timestamp, _landed_at)
       select ${names}, 'user_activity_logs', 0, row_number() over () - 1,
         timestamp + interval 1 second, timestamp + interval 30 seconds
       from read_json('${events}', format = 'newline_delimited', columns = {${types}})`,
    )
  })
}

async function buildModels(lake: Lake) {
  const compiled = await compileProject(await loadProject(repository), {
    target: { name: 'bench', database: 'lake', schema: 'main', type: 'duckdb', threads: 1 },
    vars,
    environment: {},
    md5: (text) => hash('md5', text),
    sha256: (text) => hash('sha256', text),
    startedAt: new Date().toISOString(),
    invocationId: randomUUID(),
    fullRefresh: false,
  })
  const { graph, renderer } = compiled
  const plan = planRun(graph, {
    command: 'build',
    select: ['+user_purchase_labels'],
    exclude: ['resource_type:test'],
    fullRefresh: false,
  })
  const dependencies = { graph, renderer, adapter: ducklakeAdapter(lake), clock: systemClock }
  const { outcome, results } = await runPlan(plan, { ...dependencies, runId: randomUUID() })
  for (const { name, elapsedMs } of results) console.log(`  ${name} ${Math.round(elapsedMs)} ms`)
  if (outcome !== 'committed') throw new Error(results.map(({ message }) => message).join('\n'))
  return compiled
}

/** An export into a folder. */
function folderPlace(folder: string) {
  return {
    fetch: async (path: string) =>
      existsSync(join(folder, path)) ? readFileSync(join(folder, path)) : undefined,
    put: async (path: string, body: Uint8Array) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), body)
    },
  }
}

/** One line a test row, in the order of the files: its label, and the chance by the simulator's own formula at that instant. */
async function writeChances(
  lake: Lake,
  simulation: SimulationOptions,
  { splits, label }: Manifest,
  folder: string,
): Promise<void> {
  const population = openPopulation(populationOf(simulation))
  const start = simulation.end - simulation.days * dayMs
  const files = splits.test.files.map(({ path }) => path).filter((path) => /parquet$/.test(path))
  const lines: string[] = []
  for (const path of files.sort()) {
    const file = join(folder, 'export', path)
    const rows = await lake.read((connection) =>
      queryRows(
        connection,
        `select user_id, epoch_ms(as_of) as as_of, ${label} as label from '${file}'`,
      ),
    )
    for (const row of rows) {
      const x = (Number(row['as_of']) - start) / (simulation.end - start)
      const user = population.user(Number(row['user_id']))
      lines.push(`${row['label']},${purchasePropensity(user, { days: 7, x })}`)
    }
  }
  writeFileSync(join(folder, 'chances.csv'), `${lines.join('\n')}\n`)
}
