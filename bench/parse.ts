/**
 * Parsing speed, beside the dbt that is written in Rust: `ls` and `parse` of generated projects, cold (nothing kept
 * of an earlier parse), unchanged, and with one file edited. Runs the release, built anew, as a user has it: V8's
 * compiled code is there from an earlier start. The programs take turns; medians, with the lowest and highest run.
 *
 *   node bench/parse.ts [--runs 5] [--models 1000,2000] [--plain]
 */
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Flavour, generateProject } from './generate-project.ts'
import {
  buildRelease,
  describeMachine,
  findRustDbt,
  measure,
  releaseCommand,
  summarize,
  type Usage,
} from './harness.ts'

type Tool = {
  readonly name: string
  /** The whole command line of `ls` or `parse`. */
  readonly command: (verb: string, project: string) => readonly string[]
}
type State = 'cold' | 'unchanged' | 'one file edited'
type Case = { readonly tool: Tool; readonly verb: string; readonly state: State }

const heading = `  ${'program'.padEnd(20)}${'verb'.padEnd(7)}${'state'.padEnd(16)} CPU s   low – high  wall s  peak MB`
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    models: { type: 'string', default: '1000,2000' },
    plain: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const results: object[] = []

buildRelease()
const millrace: Tool = {
  name: 'millrace',
  command: (verb, project) => [...releaseCommand, verb, '--project-dir', project],
}
const tools = [millrace, ...rustDbt()]
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
try {
  for (const flavour of flavours()) benchProject(flavour)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const machine = describeMachine()
console.log(JSON.stringify({ bench: 'parse', machine, runs, results }))

function flavours(): Flavour[] {
  const sizes = values.models.split(',').map(Number)
  const plain = sizes.map((models) => ({ models, tests: false, macros: false }))
  const [smallest = 1000] = sizes
  return values.plain ? plain : [...plain, { models: smallest, tests: true, macros: true }]
}

/** The other program, when it can be had. */
function rustDbt(): Tool[] {
  const program = findRustDbt()
  if (program === undefined) return []
  const command: Tool['command'] = (verb, project) => [
    program,
    verb,
    ...['--project-dir', project, '--profiles-dir', project],
  ]
  return [{ name: 'dbt 2.0.0a4 (Rust)', command }]
}

function benchProject(flavour: Flavour): void {
  const extras = flavour.macros ? ', with macros and 2 tests a model' : ''
  const label = `${flavour.models} models${extras}`
  const project = join(folder, label.replaceAll(/\W+/g, '-'))
  generateProject(project, flavour)
  const cases = casesOf(project)
  const usages = new Map<Case, Usage[]>(cases.map((one) => [one, []]))
  for (let run = 0; run < runs; run++) {
    for (const one of cases) usages.get(one)?.push(measureCase(one, project))
  }
  console.log(`${label}\n${heading}`)
  for (const [{ tool, verb, state }, measured] of usages) {
    const row = { project: label, tool: tool.name, verb, state, ...summarize(measured) }
    results.push(row)
    const spread = `${row.cpu_min_s.toFixed(2)}–${row.cpu_max_s.toFixed(2)}`
    console.log(
      [
        `  ${tool.name.padEnd(20)}${verb.padEnd(7)}${state.padEnd(16)}`,
        row.cpu_s.toFixed(2).padStart(6),
        spread.padStart(13),
        row.wall_s.toFixed(2).padStart(8),
        String(row.peak_mb).padStart(9),
      ].join(''),
    )
  }
  console.log('')
}

/** The programs take turns, so that what else loads the machine loads them alike. */
function casesOf(project: string): Case[] {
  const states: readonly State[] = ['cold', 'unchanged', 'one file edited']
  const calls = ['ls', 'parse'].flatMap((verb) =>
    tools.filter((tool) => canRun(tool, verb, project)).map((tool) => ({ tool, verb })),
  )
  return states.flatMap((state) => calls.map((call) => ({ ...call, state })))
}

function canRun(tool: Tool, verb: string, project: string): boolean {
  const { status } = measure(tool.command(verb, project))
  if (status !== 0) console.log(`${tool.name} ${verb} ends with ${status}; left out`)
  return status === 0
}

function measureCase({ tool, verb, state }: Case, project: string): Usage {
  const command = tool.command(verb, project)
  if (state === 'cold') rmSync(join(project, 'target'), { recursive: true, force: true })
  else if (!existsSync(join(project, 'target'))) measure(command)
  if (state === 'one file edited') {
    measure(command) // whatever the program keeps is its own, and of the state before the edit
    appendFileSync(join(project, 'models/l3/m3_0000.sql'), '-- edited\n')
  } else if (state === 'unchanged') measure(command)
  return measure(command)
}
