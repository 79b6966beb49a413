import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileTemplate } from '../../../../transform/jinja/template.ts'
import { standardFiles } from '../../../../transform/stdlib/standard-macros.ts'

/** Macros, tests and materializations of dbt-core 1.12.6 and dbt-duckdb 1.11.1. */
const names = readFileSync(new URL('./macro-names.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')

describe('the standard library', () => {
  it('has every macro of dbt and dbt-duckdb but the materializations', () => {
    const known = new Set(standardFiles.map(({ name }) => name))
    const missing = names.filter((name) => !known.has(name))
    expect(missing.filter((name) => !name.startsWith('materialization_'))).toEqual([])
    expect(missing).toHaveLength(12)
  })

  it('has each name once, and one macro in each text', () => {
    expect(new Set(standardFiles.map(({ name }) => name)).size).toBe(standardFiles.length)
    for (const { name, text } of standardFiles) {
      const template = compileTemplate('dbt/x.sql', text, true)
      const defined = template.body.flatMap((node) =>
        node.kind === 'definition' ? [`test_${node.name}`] : template.macroNames(),
      )
      expect([...new Set(defined)]).toEqual([name])
    }
  })
})
