/** README.md says nothing that is not so: its commands parse, and its links lead somewhere. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repository } from '../support/api.ts'
import { runCli } from '../support/cli.ts'

const readme = readFileSync(join(repository, 'README.md'), 'utf8')

/** Every `./millrace …` as its words; a table cell may go on with ` · ` and the next command. */
const commands = [
  ...new Set([...codeBlocks(), ...codeSpans()].filter((text) => text.startsWith('./millrace '))),
].map((text) => text.slice('./millrace '.length))

function codeBlocks(): string[] {
  return [...readme.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, body = '']) => body.split('\n'))
}

function codeSpans(): string[] {
  const cells = readme.split('\n').filter((line) => line.startsWith('| `./millrace'))
  const shortened = cells.flatMap((line) => {
    const [, cell = ''] = line.split('|')
    return spansOf(cell).map((text) => (text.startsWith('./') ? text : `./millrace ${text}`))
  })
  return [...shortened, ...spansOf(readme)]
}

function spansOf(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)
}

/** As a shell would, as far as the README goes: words, and what stands between double quotes. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
}

describe('a command of the README', () => {
  it('is there to be read', () => {
    expect(commands.length).toBeGreaterThan(10)
  })

  it.each(commands)('millrace %s is one, with these arguments and options', async (command) => {
    const [name = '', ...rest] = wordsOf(command)
    const help = await runCli([name, '--help'])
    expect(help.stdout).toMatch(new RegExp(`^millrace ${name}\\b.*\\n`))
    expect(help.stdout).toContain('\nExamples:\n')
    // With an option too many nothing is run, and the message names all that are not known.
    const refused = await runCli([name, ...rest, '--not-an-option'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('Unknown argument: not-an-option.')
    expect(refused.stderr.match(/Unknown argument/g)).toHaveLength(1)
  })
})

describe('a link of the README', () => {
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
  const relative = links.filter((target) => !/^[a-z]+:/.test(target))

  it.each(relative)('%s leads to a file', (target) => {
    expect(existsSync(join(repository, target.replace(/#.*/, '')))).toBe(true)
  })
})

it('every make target of the README is in the Makefile', () => {
  const makefile = readFileSync(join(repository, 'Makefile'), 'utf8')
  const targets = [...readme.matchAll(/\bmake ([a-z]+)$/gm)].map(([, name]) => name)
  expect(targets).toEqual(expect.arrayContaining(['demo', 'test']))
  for (const name of targets) expect(makefile).toMatch(new RegExp(`^${name}:`, 'm'))
})
