/** What yargs says of wrong arguments, in words that name the wrong one and the nearest right one. */
import { nearest } from '../core/nearest.ts'

/** What can be said instead: the commands there are, and the long options of the one that was called. */
export type Vocabulary = {
  readonly commands: readonly string[]
  readonly options: readonly string[]
}

/** The message of yargs, made clear. */
export function explainArguments(message: string, { commands, options }: Vocabulary): string {
  const [, command] = /^Unknown command: (.*)$/.exec(message) ?? []
  if (command !== undefined) {
    return `Unknown command ${command}.${didYouMean(nearest(command, commands))}`
  }
  const [, names] = /^Unknown arguments?: (.*)$/.exec(message) ?? []
  if (names !== undefined) return explainUnknown(names.split(', '), options)
  const [, option] = /^Not enough arguments following: (.*)$/.exec(message) ?? []
  if (option !== undefined) return `${dashed(option)} needs a value.`
  return message
}

/** The first number option whose text is none; yargs makes NaN of it. */
export function explainNumbers(args: Readonly<Record<string, unknown>>): string | undefined {
  const wrong = Object.entries(args).find(([, value]) => Number.isNaN(value))
  return wrong && `${dashed(wrong[0])} takes a number.`
}

/** yargs lists `--dry-rn` twice, as it was typed and in camel case. */
function explainUnknown(names: readonly string[], options: readonly string[]): string {
  const typed = names.filter(
    (name) => !names.some((other) => other !== name && camel(other) === name),
  )
  const reasons = typed.map((name) => {
    const near = nearest(name, options)
    return `Unknown argument: ${name}.${didYouMean(near && dashed(near))}`
  })
  return reasons.join('\n')
}

function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : ` Did you mean ${name}?`
}

function dashed(option: string): string {
  return option.length === 1 ? `-${option}` : `--${option}`
}

function camel(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
