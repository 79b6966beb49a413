import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dbtCommands } from '../../../../cli/dbt/commands.ts'
import { type DbtOption, globalDbtOptions } from '../../../../cli/dbt/options.ts'

/** Recorded from dbt 1.12.6: command → its options beside the global ones, `spellings|takes|variable|choices`. */
const recorded: Record<string, string[]> = JSON.parse(
  readFileSync(new URL('./recorded-options.json', import.meta.url), 'utf8'),
)

function lineOf({ spellings, takes, variable = '', choices = [] }: DbtOption): string {
  const bare = (text: string) => text.replace(/^-+/, '')
  const ordered = [...spellings].sort((a, b) => (bare(a) < bare(b) ? -1 : 1)).join(' ')
  return `${ordered}|${takes}|${variable}|${[...choices].sort().join(',')}`.replace(/\|+$/, '')
}

describe('the options of dbt', () => {
  it('are those that dbt takes before a command', () => {
    expect(globalDbtOptions.map(lineOf).sort()).toEqual(recorded['dbt'])
  })

  it.each([...dbtCommands.keys()])('are those of dbt %s', (name) => {
    const options = dbtCommands.get(name)?.options ?? []
    const own = options.filter((option) => !globalDbtOptions.includes(option))
    expect(own.map(lineOf).sort()).toEqual(recorded[name])
  })

  it('belong to every command that dbt has', () => {
    expect([...dbtCommands.keys(), 'dbt'].sort()).toEqual(Object.keys(recorded).sort())
  })
})
