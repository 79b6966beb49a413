import { describe, expect, it } from 'vitest'
import { dbtCommands } from '../../../../cli/dbt/commands.ts'
import { helpText, versionText } from '../../../../cli/dbt/texts.ts'

describe('versionText', () => {
  it('has the lines of dbt that tools look for, each found once', () => {
    const text = versionText()
    expect(text.match(/installed:.*/g)).toEqual(['installed: 1.12.6'])
    expect(text).toMatch(/^Core:\n {2}- installed: \d+\.\d+\.\d+\n/)
    expect(text).toMatch(/\nPlugins:\n {2}- duckdb: 1\.11\.1 - /)
    expect(text.match(/^ +- (\w+): (\S+)/gm)).toHaveLength(2)
  })

  it('is not taken for another product of dbt, and says whose it is', () => {
    expect(versionText()).not.toMatch(/dbt-fusion|dbt Cloud CLI/)
    expect(versionText()).toMatch(/^ {2}This is Millrace \d+\.\d+\.\d+,/m)
  })
})

describe('helpText', () => {
  it('names every command', () => {
    const text = helpText('')
    for (const name of dbtCommands.keys()) expect(text).toContain(`\n  ${name} `)
  })

  it('spells every option of a command', () => {
    expect(helpText('run')).toMatch(/^Usage: dbt run \[OPTIONS\]\n/)
    expect(helpText('run')).toContain('\n  -x, --fail-fast / --no-fail-fast\n')
    expect(helpText('ls')).toContain('\n  --output [json|name|path|selector]\n')
    expect(helpText('docs')).toContain('\n  generate ')
  })
})
