import { describe, expect, it } from 'vitest'
import { compileFiles, type Files } from '../../../support/project.ts'

const model = { 'models/good.sql': 'select 1 as id' }

async function problemsOf(files: Files): Promise<string[]> {
  const { graph } = await compileFiles({ ...model, ...files })
  return graph.problems.map(({ code, at, message }) => `${code} ${at?.file}:${at?.line} ${message}`)
}

const withTests = (tests: string) => ({
  'models/m.yml': `models:\n  - name: good\n    columns:\n      - name: id\n        data_tests: ${tests}\n`,
})

describe('what is said or defined twice', () => {
  it.each<[string, Files, string]>([
    [
      'a model in one schema file',
      { 'models/m.yml': 'models:\n  - name: good\n  - name: good\n' },
      'model/described-twice models/m.yml:3 The model good is described 2 times: models/m.yml:2:5, models/m.yml:3:5.',
    ],
    [
      'a model in two schema files',
      { 'models/a.yml': 'models: [{name: good}]', 'models/b.yml': 'models: [{name: good}]' },
      'model/described-twice models/b.yml:1 The model good is described 2 times: models/a.yml:1:10, models/b.yml:1:10.',
    ],
    [
      'a seed',
      { 'seeds/s.csv': 'id\n1\n', 'seeds/s.yml': 'seeds: [{name: s}, {name: s}]' },
      'model/described-twice seeds/s.yml:1 The seed s is described 2 times: seeds/s.yml:1:9, seeds/s.yml:1:20.',
    ],
    [
      'an analysis',
      { 'analyses/a.sql': 'select 1', 'analyses/a.yml': 'analyses: [{name: a}, {name: a}]' },
      'model/described-twice analyses/a.yml:1 The analysis a is described 2 times: analyses/a.yml:1:12, analyses/a.yml:1:23.',
    ],
    [
      'a macro',
      {
        'macros/a.sql': '{% macro a() %}{% endmacro %}',
        'macros/a.yml': 'macros: [{name: a}]',
        'macros/b.yml': 'macros: [{name: a}]',
      },
      'model/described-twice macros/b.yml:1 The macro a is described 2 times: macros/a.yml:1:10, macros/b.yml:1:10.',
    ],
    [
      'a source table',
      {
        'models/s.yml': 'sources: [{name: raw, tables: [{name: a, config: {enabled: false}}]}]',
        'models/t.yml': 'sources: [{name: raw, tables: [{name: a}, {name: b}]}]',
      },
      'model/defined-twice models/t.yml:1 The source table raw.a is defined 2 times: models/s.yml:1:32, models/t.yml:1:32.',
    ],
    [
      'a docs block',
      { 'models/a.md': '{% docs d %}x{% enddocs %}\n{% docs d %}y{% enddocs %}' },
      'model/defined-twice models/a.md:2 The docs block d is defined 2 times: models/a.md:1:1, models/a.md:2:1.',
    ],
    [
      'a macro in one file',
      { 'macros/a.sql': '{% macro a() %}{% endmacro %}\n{% macro a() %}{% endmacro %}' },
      'model/defined-twice macros/a.sql:2 The macro a is defined 2 times: macros/a.sql:1:1, macros/a.sql:2:1.',
    ],
    [
      'a test block in two files',
      {
        'macros/a.sql': '{% test t(model) %}select 1{% endtest %}',
        'tests/generic/b.sql': '{% test t(model) %}select 1{% endtest %}',
      },
      'model/defined-twice tests/generic/b.sql:1 The macro test_t is defined 2 times: macros/a.sql:1:1, tests/generic/b.sql:1:1.',
    ],
    [
      'a data test',
      withTests('[unique, not_null, {unique: {config: {severity: warn}}}]'),
      'model/test-twice models/m.yml:5 The data test unique_good_id is asked for 2 times: models/m.yml:5:22, models/m.yml:5:40.',
    ],
    [
      'a group',
      { 'models/g.yml': 'groups: [{name: g, owner: {name: a}}, {name: g, owner: {name: b}}]' },
      'model/defined-twice models/g.yml:1 The group g is defined 2 times: models/g.yml:1:10, models/g.yml:1:39.',
    ],
    [
      'an exposure',
      {
        'models/e.yml':
          'exposures: [{name: x, type: dashboard, owner: {name: a}}, {name: x, type: ml, owner: {name: a}}]',
      },
      'model/defined-twice models/e.yml:1 The exposure x is defined 2 times: models/e.yml:1:13, models/e.yml:1:59.',
    ],
  ])('is a problem for %s, with both places', async (_, files, expected) => {
    expect(await problemsOf(files)).toEqual([expected])
  })

  it.each<[string, Files]>([
    ['entries of a model that is not there', { 'models/m.yml': 'models: [{name: x}, {name: x}]' }],
    [
      'entries of a disabled model',
      {
        'models/off.sql': '{{ config(enabled=false) }} select 1',
        'models/m.yml': 'models: [{name: off}, {name: off}]',
      },
    ],
    [
      'a source whose tables stand in two files',
      {
        'models/s.yml': 'sources: [{name: raw, tables: [{name: a}]}]',
        'models/t.yml': 'sources: [{name: raw, tables: [{name: b}]}]',
      },
    ],
    [
      'a macro that a template defines too',
      {
        'macros/a.sql': '{% macro a() %}{% endmacro %}',
        'models/m.sql': '{% macro a() %}{% endmacro %} select 1',
      },
    ],
    ['a test with another name', withTests('[unique, {unique: {name: other}}]')],
    ['two tests of one name', withTests('[{unique: {name: x}}, {not_null: {name: x}}]')],
    ['a test that is disabled', withTests('[unique, {unique: {config: {enabled: false}}}]')],
    [
      'an exposure that is disabled',
      {
        'models/e.yml':
          'exposures: [{name: x, type: ml, owner: {name: a}}, {name: x, type: ml, owner: {name: a}, config: {enabled: false}}]',
      },
    ],
  ])('is none for %s', async (_, files) => {
    expect(await problemsOf(files)).toEqual([])
  })
})
