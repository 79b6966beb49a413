import { describe, expect, it } from 'vitest'
import { compileFiles, type Files, sqlsOf } from '../../../support/project.ts'

async function sqlOf(files: Files): Promise<string | undefined> {
  const compiled = await compileFiles({ 'models/good.sql': 'select 1 as id', ...files })
  expect(compiled.graph.problems).toEqual([])
  return sqlsOf(compiled, 'model.shop.m')[0]?.trim()
}

const macros = {
  'macros/a.sql': `
{% macro mine() %}orig{% endmacro %}
{% macro other() %}other{% endmacro %}
{% macro fake_ref(name) %}fake_{{ name }}{% endmacro %}
{% macro replace() %}{% do context.update({'mine': other, 'ref': fake_ref}) %}{% endmacro %}
{% macro call() %}{{ mine() }} {{ ref('good') }}{% endmacro %}`,
}

describe('context.update()', () => {
  it('gives macros that are called from then on other names', async () => {
    const text = '{{ call() }} | {{ replace() }}{{ call() }}'
    expect(await sqlOf({ ...macros, 'models/m.sql': text })).toBe(
      'orig "lake"."main"."good" | other fake_good',
    )
  })

  it('leaves the names of the template that says it as they are', async () => {
    const text =
      "{% do context.update({'mine': other}, zz='x') %}{{ mine() }}{{ zz }} {{ context.zz }}"
    expect(await sqlOf({ ...macros, 'models/m.sql': text })).toBe('orig x')
  })

  it('holds for one template alone', async () => {
    const files = {
      ...macros,
      'models/a.sql': '{{ replace() }}',
      'models/m.sql': "{{ call() }} {{ context.get('zz', 'none') }}",
    }
    expect(await sqlOf(files)).toBe('orig "lake"."main"."good" none')
  })
})

describe('context as a dict', () => {
  it('is asked for names, walked and added to', async () => {
    const text = `{% set _ = context.setdefault('q', 5) %}{{ context.q }} {{ 'q' in context }}
{{- ' ' }}{{ 'mine' in context.keys() | list }} {{ 'nope' in context }} {{ context.get('nope', 3) }}
{%- for key, value in context.items() if key == 'q' %} {{ key }}={{ value }}{% endfor %}`
    expect(await sqlOf({ ...macros, 'models/m.sql': text })).toBe('5 True True False 3 q=5')
  })
})
