import { describe, expect, it } from 'vitest'
import type { Graph } from '../../../../transform/index.ts'
import { compileFolder, type Files, makeFolder, writeProject } from '../../../support/project.ts'

async function parse(files: Files): Promise<Graph> {
  await using folder = await makeFolder()
  const { graph } = await compileFolder(await writeProject(folder.path, files))
  return graph
}

/** `code file:line:column node stage` of what will fail. */
function latentOf({ latent }: Graph): string[] {
  return latent.map(({ node, certainIn, problem: { code, at } }) => {
    const place = [at?.file, at?.line, at?.column].filter((part) => part !== undefined)
    return `${code} ${place.join(':')} ${node} ${certainIn ?? 'perhaps'}`
  })
}

describe('a name that nothing defines', () => {
  it.each([
    ['is called', 'select {{ twoce() }}', '1:11'],
    ['is asked for an attribute', 'select {{ nothing.at.all }}', '1:18'],
    ['is asked for an item', "select {{ nothing['x'] }}", '1:18'],
    ['is a package', 'select {{ some_utils.star() }}', '1:21'],
    ['is missing in a package', '{% do shop.nope() %}', '1:11'],
    ['is called by do', '{% do twoce() %} select 1', '1:7'],
  ])('fails with its node alone when it %s', async (_, text, place) => {
    const graph = await parse({
      'models/m.sql': text,
      'models/other.sql': 'select 1 as id',
      'macros/own.sql': '{% macro own() %}{% endmacro %}',
    })
    expect(graph.problems).toEqual([])
    expect(latentOf(graph)).toEqual([
      `model/undefined-name models/m.sql:${place} model.shop.m compile`,
    ])
  })

  it('prints nothing, and is no fault then', async () => {
    const graph = await parse({
      'models/m.sql': "select 1 {{ nothing }} {{ nothing ~ 'x' }} {% if nothing %}{% endif %}",
    })
    expect([graph.problems, graph.latent]).toEqual([[], []])
  })

  it('does not keep what follows it from being read', async () => {
    const graph = await parse({
      'models/m.sql': "{{ twoce() }} select * from {{ ref('good') }}",
      'models/good.sql': 'select 1 as id',
    })
    expect(graph.nodes.get('model.shop.m')?.dependencies).toEqual(['model.shop.good'])
  })

  it('may not matter where a condition stands before it', async () => {
    const graph = await parse({
      'models/m.sql': 'select 1 {% if not execute %}{{ twoce() }}{% endif %}',
      'models/n.sql': 'select 1 {{ twoce() if not execute }}',
      'models/o.sql': 'select 1 {% if execute %}{{ twoce() }}{% endif %}',
    })
    expect(graph.problems).toEqual([])
    expect(latentOf(graph)).toEqual([
      'model/undefined-name models/m.sql:1:33 model.shop.m perhaps',
      'model/undefined-name models/n.sql:1:13 model.shop.n perhaps',
    ])
  })

  it('is none when the template sets it where parsing does not come', async () => {
    const graph = await parse({
      'models/m.sql': "{% if execute %}{% set v = {'a': 1} %}{% endif %}select {{ v.a }}",
    })
    expect([graph.problems, graph.latent]).toEqual([[], []])
  })

  it('fails only in a run when it stands in a hook', async () => {
    const graph = await parse({
      'dbt_project.yml':
        "name: shop\non-run-start: '{{ twoce() }}'\non-run-end: '{{ results.x }}'\n",
      'models/m.sql': "\n{{ config(post_hook='{{ twoce() }}') }} select 1",
    })
    expect(latentOf(graph)).toEqual([
      'model/undefined-name models/m.sql:2:22 model.shop.m run',
      'model/undefined-name dbt_project.yml operation.shop.shop-on-run-start-0 compile',
    ])
  })

  it('fails with the test whose argument it is', async () => {
    const values = "{accepted_values: {arguments: {values: ['{{ twoce() }}']}}}"
    const graph = await parse({
      'models/m.sql': 'select 1 as x',
      'models/m.yml': `models:\n  - name: m\n    columns: [{name: x, data_tests: [${values}]}]\n`,
    })
    expect(graph.problems).toEqual([])
    expect(latentOf(graph)).toEqual([
      expect.stringMatching(/^model\/undefined-name models\/m.yml:3:\d+ test\.shop\..* compile$/),
    ])
  })

  it('harms nobody in a macro that is not called, and all in one that is', async () => {
    const macro = { 'macros/a.sql': '{% macro a() %}{{ twoce() }}{% endmacro %}' }
    const idle = await parse({ ...macro, 'models/m.sql': 'select 1' })
    expect([idle.problems, idle.latent]).toEqual([[], []])
    const called = await parse({ ...macro, 'models/m.sql': 'select {{ a() }}' })
    expect(called.problems.map(({ code, at }) => `${code} ${at?.file}`)).toEqual([
      'model/template-failed macros/a.sql',
    ])
  })

  it('still cannot be added to, nor have a filter that nobody knows', async () => {
    const graph = await parse({
      'models/m.sql': 'select {{ nothing + 1 }}',
      'models/n.sql': 'select {{ nothing | frist }}',
    })
    expect(graph.problems.map(({ code }) => code)).toEqual([
      'model/template-failed',
      'model/template-failed',
    ])
  })
})

describe('a variable without a value', () => {
  it('is None while a project is parsed, and fails with its node', async () => {
    const graph = await parse({
      'models/m.sql': "select 1\n{{ var('dayz') }}",
      'models/n.sql': 'select {{ a() }}',
      'macros/a.sql': "\n{% macro a() %}{{ var('weeks') }}{% endmacro %}",
    })
    expect(graph.problems).toEqual([])
    expect(latentOf(graph)).toEqual([
      'model/unknown-var models/m.sql:2:4 model.shop.m compile',
      'model/unknown-var macros/a.sql:2:19 model.shop.n perhaps',
    ])
  })

  it('is still a fault in schema files', async () => {
    const graph = await parse({
      'models/m.sql': 'select 1 as x',
      'models/m.yml': 'models: [{name: m, config: {tags: ["{{ var(\'dayz\') }}"]}}]',
    })
    expect(graph.problems.map(({ code }) => code)).toEqual(['model/unknown-var'])
  })
})
