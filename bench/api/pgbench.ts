/** The limit: the statement that an endpoint sends, sent by pgbench to the same PostgreSQL. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Load, quantilesOf, runTool, type Tools } from './tools.ts'

export type StatementLoad = {
  readonly postgresUrl: string
  readonly statement: string
  /** Of $1, $2, … in pgbench's words; `null` for NULL, which it cannot bind. */
  readonly values: readonly string[]
  readonly clients: number
  readonly seconds: number
  /** Statements a second of an open loop, come when they may. Default: a closed loop. */
  readonly perSecond?: number
}

/** Prepared once a connection; in an open loop latencies count from the instant at which a statement was due. */
export async function askByPgbench(tools: Tools, load: StatementLoad): Promise<Load> {
  const script = join(tools.scratch, 'statement.sql')
  writeFileSync(script, scriptOf(load))
  const prefix = 'pgbench_log'
  const flags = [
    ['--protocol=prepared', '--no-vacuum', '--log'],
    [`--log-prefix=${join(tools.scratch, prefix)}`, `--file=${script}`],
    [`--client=${load.clients}`, '--jobs=1', `--time=${load.seconds}`],
    load.perSecond === undefined ? [] : [`--rate=${load.perSecond}`],
    [load.postgresUrl],
  ].flat()
  const { output, cpuSeconds } = await runTool(tools, 'pgbench', flags)
  const latencies = readLatencies(tools.scratch, prefix)
  return {
    ...quantilesOf(latencies),
    perSecond: Number(/^tps = (\S+)/m.exec(output)?.[1]),
    failed: Number(/^number of failed transactions: (\d+)/m.exec(output)?.[1]),
    generator_s: cpuSeconds,
  }
}

function scriptOf({ statement, values }: StatementLoad): string {
  const sets = values.flatMap((value, index) =>
    value === 'null' ? [] : `\\set p${index + 1} ${value}`,
  )
  const text = values.reduce(
    (sql, value, index) =>
      sql.replaceAll(`$${index + 1}`, value === 'null' ? 'null' : `:p${index + 1}`),
    statement,
  )
  return `${sets.join('\n')}\n${text};\n`
}

/** Milliseconds of every statement; the files are removed. */
function readLatencies(scratch: string, prefix: string): number[] {
  const found: number[] = []
  for (const name of readdirSync(scratch).filter((one) => one.startsWith(prefix))) {
    const file = join(scratch, name)
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const microseconds = line.split(' ')[2]
      if (microseconds !== undefined) found.push(Number(microseconds) / 1000)
    }
    rmSync(file)
  }
  return found
}
