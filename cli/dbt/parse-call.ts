/** dbt's command line → which command is called, with which options. Spellings and complaints are those of dbt. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { type DbtCommand, dbtCommands } from './commands.ts'
import { type DbtOption, dbtOptions, globalDbtOptions } from './options.ts'

/** What an option was given: text, several texts, or yes and no. */
export type DbtValue = string | boolean | readonly string[]

export type DbtCall =
  | { readonly kind: 'version' }
  /** Without a command: of dbt itself, or of the group `docs` or `source`. */
  | { readonly kind: 'help'; readonly name: string; readonly wasAsked: boolean }
  | {
      readonly kind: 'command'
      readonly command: DbtCommand
      readonly positionals: readonly string[]
      /** By the name of the option. */
      readonly values: ReadonlyMap<string, DbtValue>
    }

/** dbt itself takes these only behind the command; before it they cannot mean anything else. */
const early = ['profiles-dir', 'project-dir', 'target-path', 'threads', 'vars']

type Reading = {
  /** What stands before the options in a complaint: `dbt run`. */
  readonly name: string
  readonly words: string[]
  readonly options: readonly DbtOption[]
  readonly values: Map<string, DbtValue>
}

/** @throws `cli/dbt-usage` */
export function parseDbtCall(argv: readonly string[]): DbtCall {
  const words = [...argv]
  const values = new Map<string, DbtValue>()
  const before = [...globalDbtOptions, ...early.flatMap((name) => dbtOptions.get(name) ?? [])]
  let name = ''
  for (;;) {
    const title = `dbt ${name}`.trim()
    const [other] = readWords({ name: title, words, options: before, values }, 'to the command')
    if (other === 'version') return { kind: 'version' }
    if (other === 'help') return { kind: 'help', name, wasAsked: true }
    const word = words.shift()
    if (word === undefined) return { kind: 'help', name, wasAsked: false }
    name = `${name} ${word}`.trim()
    const command = dbtCommands.get(name)
    if (command !== undefined) return readCommand(command, words, values)
    if (!isGroup(name)) throw unknownCommand(title, word)
  }
}

function readCommand(command: DbtCommand, words: string[], values: Map<string, DbtValue>): DbtCall {
  const { name, options } = command
  const found = readWords({ name: `dbt ${name}`, words, options, values }, 'all')
  if (found.includes('version')) return { kind: 'version' }
  if (found.includes('help')) return { kind: 'help', name, wasAsked: true }
  const positionals = words.splice(0)
  const extra = positionals.slice(command.positionals)
  if (extra.length > 0) {
    const what = extra.length === 1 ? 'argument' : 'arguments'
    throw wrong(`dbt ${name}`, `Got unexpected extra ${what} (${extra.join(' ')})`)
  }
  return { kind: 'command', command, positionals, values }
}

/** Takes options out of the words; the rest stays. Ends at once when help or the version is asked for. */
function readWords(reading: Reading, until: 'to the command' | 'all'): ('help' | 'version')[] {
  const { words } = reading
  const rest: string[] = []
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (/^(-h|--help)$/.test(word)) return ['help']
    if (/^(-v|-V|--version)$/.test(word)) return ['version']
    if (word === '--') rest.push(...words.splice(0))
    else if (word.startsWith('--')) readLong(reading, word)
    else if (word.startsWith('-') && word !== '-') readShort(reading, word)
    else if (until === 'all') rest.push(word)
    else {
      rest.push(word, ...words.splice(0))
    }
  }
  words.push(...rest)
  return []
}

function readLong(reading: Reading, word: string): void {
  const [, spelling = word, attached] = /^([^=]+)=(.*)$/s.exec(word) ?? []
  const option = reading.options.find(({ spellings }) => spellings.includes(spelling))
  if (option !== undefined) {
    readValue(reading, option, spelling, attached)
    return
  }
  const negated = reading.options.find(
    ({ takes, spellings }) =>
      takes === 'switch' && spellings.includes(spelling.replace(/^--no-/, '--')),
  )
  if (negated === undefined) throw unknownOption(reading, spelling)
  if (attached !== undefined)
    throw wrong(reading.name, `Option '${spelling}' does not take a value.`)
  reading.values.set(negated.name, false)
}

/** `-x`, `-sname`, and several in one: `-qx`. */
function readShort(reading: Reading, word: string): void {
  for (let index = 1; index < word.length; index++) {
    const spelling = `-${word[index]}`
    const option = reading.options.find(({ spellings }) => spellings.includes(spelling))
    if (option === undefined) throw unknownOption(reading, spelling)
    const attached = word.slice(index + 1) || undefined
    if (option.takes === 'flag' || option.takes === 'switch') {
      reading.values.set(option.name, true)
      continue
    }
    readValue(reading, option, spelling, attached)
    return
  }
}

function readValue(
  { name, words, values }: Reading,
  option: DbtOption,
  spelling: string,
  attached: string | undefined,
): void {
  if (option.takes === 'flag' || option.takes === 'switch') {
    if (attached !== undefined) throw wrong(name, `Option '${spelling}' does not take a value.`)
    values.set(option.name, true)
    return
  }
  const text = attached ?? words.shift()
  if (text === undefined) throw wrong(name, `Option '${spelling}' requires an argument.`)
  if (option.takes !== 'list') {
    values.set(option.name, checked(name, option, text))
    return
  }
  const texts = text.split(' ')
  while (words[0] !== undefined && !words[0].startsWith('-')) texts.push(words.shift() ?? '')
  const earlier = values.get(option.name)
  values.set(option.name, [
    ...(Array.isArray(earlier) ? earlier : []),
    ...texts.map((one) => checked(name, option, one)),
  ])
}

/** @throws `cli/dbt-usage` when the text is no number, or none of the choices */
function checked(name: string, { spellings, takes, choices }: DbtOption, text: string): string {
  const refuse = (reason: string) => wrong(name, `Invalid value for '${spellings[0]}': ${reason}`)
  if (takes === 'number' && !/^[+-]?\d+$/.test(text.trim())) {
    throw refuse(`'${text}' is not a valid integer.`)
  }
  if (choices === undefined) return text
  const choice = choices.find((one) => one.toLowerCase() === text.toLowerCase())
  if (choice !== undefined) return choice
  throw refuse(`'${text}' is not one of ${choices.map((one) => `'${one}'`).join(', ')}.`)
}

/**
 * What the environment says of the options that were not given.
 * @throws `cli/dbt-usage` when a variable holds what its option does not take
 */
export function valuesOfEnvironment(
  { name, options }: DbtCommand,
  environment: Readonly<Record<string, string | undefined>>,
): Map<string, DbtValue> {
  const values = new Map<string, DbtValue>()
  for (const option of options) {
    const text =
      environment[`DBT_ENGINE_${option.variable}`] || environment[`DBT_${option.variable}`]
    if (option.variable === undefined || !text) continue
    if (option.takes === 'flag' || option.takes === 'switch') {
      values.set(option.name, toBoolean(`dbt ${name}`, option, text))
    } else if (option.takes === 'list') {
      const texts = text.split(/\s+/).filter((one) => one !== '')
      values.set(
        option.name,
        texts.map((one) => checked(`dbt ${name}`, option, one)),
      )
    } else values.set(option.name, checked(`dbt ${name}`, option, text))
  }
  return values
}

function toBoolean(name: string, { spellings }: DbtOption, text: string): boolean {
  if (/^(true|t|yes|y|on|1)$/i.test(text.trim())) return true
  if (/^(false|f|no|n|off|0)$/i.test(text.trim())) return false
  throw wrong(name, `Invalid value for '${spellings[0]}': '${text}' is not a valid boolean.`)
}

function isGroup(name: string): boolean {
  return [...dbtCommands.keys()].some((one) => one.startsWith(`${name} `))
}

function unknownCommand(title: string, word: string) {
  const group = title === 'dbt' ? '' : `${title.slice('dbt '.length)} `
  const known = [...dbtCommands.keys()].flatMap((name) =>
    name.startsWith(group) ? (name.slice(group.length).split(' ')[0] ?? []) : [],
  )
  return wrong(title, `No such command '${word}'.${didYouMean(nearest(word, known))}`)
}

function unknownOption({ name, options }: Reading, spelling: string) {
  const known = options.flatMap(({ takes, spellings }) => {
    const long = spellings.filter((one) => one.startsWith('--'))
    return takes === 'switch' ? [...long, ...long.map((one) => one.replace('--', '--no-'))] : long
  })
  const near = spelling.length > 2 ? nearest(spelling, [...known, '--help']) : undefined
  return wrong(name, `No such option '${spelling}'.${didYouMean(near)}`)
}

function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : ` Did you mean '${name}'?`
}

function wrong(command: string, reason: string) {
  const takesCommand = command === 'dbt' || isGroup(command.slice('dbt '.length))
  const usage = takesCommand ? '[OPTIONS] [COMMAND] [ARGS]...' : '[OPTIONS]'
  return problem('cli/dbt-usage', { command, usage, reason })
}
