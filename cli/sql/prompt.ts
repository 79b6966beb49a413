/** The interactive prompt: statements end with `;`, lines that begin with a dot are commands. */
import { createInterface, type Interface } from 'node:readline'
import type { Writable } from 'node:stream'
import { quoteLiteral } from '../../core/sql.ts'
import { printError } from '../print-error.ts'
import { dotCommand, type PromptState } from './dot-commands.ts'
import { openHistory } from './history.ts'
import { type PrintOptions, runAndPrint } from './run-statements.ts'
import type { Session } from './session.ts'
import { ReaderGone } from './sink.ts'
import { isComplete, splitStatements } from './split-statements.ts'

export type PromptOptions = {
  readonly session: Session
  /** The history file lies here. */
  readonly stateDir: string
  readonly print: PrintOptions
  readonly write: boolean
  readonly input?: NodeJS.ReadableStream
  readonly output?: Writable
}

const first = 'millrace> '
const continued = '      ...> '

/** Reads and runs until `.quit` or Ctrl-D. Ctrl-C stops the running query, or drops what is being typed. */
export async function runPrompt(options: PromptOptions): Promise<void> {
  const { session, input = process.stdin, output = process.stdout } = options
  const history = openHistory(options.stateDir)
  const names = await tableNames(session)
  const prompt = createInterface({
    input,
    output,
    terminal: true,
    history: history.entries(),
    historySize: 1000,
    removeHistoryDuplicates: true,
    completer: (line: string) => complete(line, names),
    prompt: first,
  })
  const mode = options.write ? 'read-write' : 'read-only'
  output.write(`Millrace SQL, ${mode}. End a statement with ; — .help lists what else there is.\n`)
  const state: PromptState = { timer: false, quit: false }
  let buffer = ''
  let running = false
  prompt.on('history', (entries: string[]) => history.track(entries))
  prompt.on('SIGINT', () => {
    if (running) return session.interrupt()
    buffer = ''
    output.write('\n')
    prompt.setPrompt(first)
    // Ctrl-U in readline's terms: what stands on the line is dropped too.
    prompt.write(null, { ctrl: true, name: 'u' })
    prompt.prompt()
  })
  prompt.prompt()
  for await (const line of linesOf(prompt)) {
    buffer = buffer === '' ? line : `${buffer}\n${line}`
    const isCommand = buffer.startsWith('.')
    if (!isCommand && !isComplete(buffer)) {
      prompt.setPrompt(continued)
      prompt.prompt()
      continue
    }
    const text = buffer
    buffer = ''
    if (text.includes('\n')) history.join(text)
    running = true
    session.resume()
    if (isCommand) await guarded(() => dotCommand(text, session, state, output))
    else await runText(options, state, text, output)
    running = false
    if (state.quit) break
    prompt.setPrompt(first)
    prompt.prompt()
  }
  prompt.close()
  history.save()
}

async function runText(
  options: PromptOptions,
  state: PromptState,
  text: string,
  output: Writable,
): Promise<void> {
  const print = { ...options.print, stream: output }
  for (const statement of splitStatements(text)) {
    const start = performance.now()
    const done = await guarded(() => runAndPrint(options.session, statement, print))
    if (state.timer) output.write(`Time: ${Math.round(performance.now() - start)} ms\n`)
    if (!done) return
  }
}

/** An error is printed, and the prompt goes on. */
async function guarded(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof ReaderGone)) printError(error, false)
    return false
  }
}

/** readline's own async iterator drops lines that arrive while one is being worked on after `close`. */
async function* linesOf(prompt: Interface): AsyncGenerator<string> {
  const waiting: string[] = []
  let closed = false
  let wake = () => {}
  prompt.on('line', (line) => {
    waiting.push(line)
    wake()
  })
  prompt.on('close', () => {
    closed = true
    wake()
  })
  for (;;) {
    const line = waiting.shift()
    if (line !== undefined) yield line
    else if (closed) return
    else {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
}

async function tableNames(session: Session): Promise<string[]> {
  const rows = await session.query(
    `select distinct schema_name || '.' || name as name from (
       select schema_name, table_name as name from duckdb_tables() where database_name = ${quoteLiteral(session.catalog)}
       union all select schema_name, view_name from duckdb_views() where database_name = ${quoteLiteral(session.catalog)} and not internal
     ) order by all`,
  )
  return rows.map((row) => String(row['name']))
}

const words = ['select', 'from', 'where', 'group by', 'order by', 'limit', 'describe', 'summarize']
const commands = ['.tables', '.schema ', '.timer on', '.timer off', '.help', '.quit']

function complete(line: string, names: readonly string[]): [string[], string] {
  const typed = /[\w.]*$/.exec(line)?.[0] ?? ''
  const known = line.startsWith('.') && !line.includes(' ') ? commands : [...names, ...words]
  const start = typed.toLowerCase()
  return [known.filter((name) => name.startsWith(start)), typed]
}
