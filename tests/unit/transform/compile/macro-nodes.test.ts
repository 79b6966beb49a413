import { describe, expect, it } from 'vitest'
import type { MacroNode } from '../../../../transform/compile/graph.ts'
import { compileFiles, type Files } from '../../../support/project.ts'

async function macro(files: Files, id: string): Promise<MacroNode> {
  const { graph } = await compileFiles(files)
  const found = graph.macros.get(id)
  if (found === undefined) throw new Error(`no ${id}`)
  return found
}

const withPackage = (text: string): Files => ({
  'dbt_packages/tools/dbt_project.yml': 'name: tools\n',
  'dbt_packages/tools/macros/m.sql': text,
})

describe('the text of a macro', () => {
  const files = {
    'macros/m.sql':
      '{# why #}\n\n{%- macro a() -%} 1 {%- endmacro -%}\n\n\n{%- macro b() %}2{% endmacro %}\n{% macro c() %}3{% endmacro %}\n',
  }

  it('begins with the blanks that its first tag takes away', async () => {
    const { code } = await macro(files, 'macro.shop.a')
    expect(code).toBe('\n\n{%- macro a() -%} 1 {%- endmacro -%}\n\n\n')
  })

  it('leaves to the macro before what that takes away', async () => {
    const { code } = await macro(files, 'macro.shop.b')
    expect(code).toBe('{%- macro b() %}2{% endmacro %}')
  })

  it('begins at its tag when that takes nothing away', async () => {
    const { code } = await macro(files, 'macro.shop.c')
    expect(code).toBe('{% macro c() %}3{% endmacro %}')
  })
})

describe('the text of a macro at an end of its file', () => {
  it('has none of the blanks there', async () => {
    const files = { 'macros/m.sql': '\n\n{%- macro a() -%} 1 {%- endmacro -%}\n\n' }
    const { code } = await macro(files, 'macro.shop.a')
    expect(code).toBe('{%- macro a() -%} 1 {%- endmacro -%}')
  })
})

describe('the macros that a macro names', () => {
  const dispatching = `
{% macro date_spine() %}{{ return(adapter.dispatch('date_spine', 'tools')()) }}{% endmacro %}
{% macro default__date_spine() %}1{% endmacro %}
`

  it("hold the package's own way of a macro that dbt has too", async () => {
    const { macros } = await macro(withPackage(dispatching), 'macro.tools.date_spine')
    expect(macros).toEqual(['macro.tools.default__date_spine'])
  })

  it('hold what the project puts in its place', async () => {
    const files = {
      ...withPackage(dispatching),
      'macros/own.sql': '{% macro duckdb__date_spine() %}2{% endmacro %}',
    }
    const { macros } = await macro(files, 'macro.tools.date_spine')
    expect(macros).toEqual(['macro.shop.duckdb__date_spine'])
  })

  it('follow the order of search that the project file says', async () => {
    const files = {
      ...withPackage(dispatching),
      'dbt_project.yml': `
name: shop
dispatch: [{macro_namespace: tools, search_order: [other, tools]}]
`,
      'dbt_packages/other/dbt_project.yml': 'name: other\n',
      'dbt_packages/other/macros/m.sql': '{% macro default__date_spine() %}3{% endmacro %}',
    }
    const { macros } = await macro(files, 'macro.tools.date_spine')
    expect(macros).toEqual(['macro.other.default__date_spine'])
  })

  it('hold what a dispatched name means without its prefix', async () => {
    const files = withPackage(`
{% macro star() %}*{% endmacro %}
{% macro all_columns() %}{{ adapter.dispatch('star', 'tools')() }}{% endmacro %}
{% macro default__star() %}*{% endmacro %}
`)
    const { macros } = await macro(files, 'macro.tools.all_columns')
    expect(macros).toEqual(['macro.tools.default__star', 'macro.tools.star'])
  })

  it('hold itself when it calls itself by its package, and not by its name alone', async () => {
    const files = withPackage(`
{% macro a() %}{{ tools.a() }}{% endmacro %}
{% macro b() %}{{ b() }}{% endmacro %}
`)
    expect((await macro(files, 'macro.tools.a')).macros).toEqual(['macro.tools.a'])
    expect((await macro(files, 'macro.tools.b')).macros).toEqual([])
  })
})
