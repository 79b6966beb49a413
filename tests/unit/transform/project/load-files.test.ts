import { describe, expect, it } from 'vitest'
import { loadProject } from '../../../../transform/index.ts'
import { type Files, makeFolder, writeProject } from '../../../support/project.ts'

async function load(files: Files) {
  await using folder = await makeFolder()
  return await loadProject(await writeProject(folder.path, files))
}

describe('files of a project', () => {
  it('are found by their kinds, each with the folders between', async () => {
    const project = await load({
      'models/marts/a.sql': 'select 1',
      'models/py.py': 'def model(dbt, session):\n    return dbt.ref("a")\n',
      'models/.hidden.sql': '',
      'models/~a.sql': '',
      'analyses/deep/down/b.sql': 'select 2',
      'functions/f.sql': 'x + 1',
      'functions/g.py': 'def main(x):\n    return x\n',
      'seeds/s.csv': 'id\n1\n',
      'tests/t.sql': 'select 3',
      'tests/generic/g.sql': '{% test g(model) %}{% endtest %}',
      'tests/fixtures/rows.csv': 'id\n1\n',
      'tests/fixtures/more/q.sql': 'select 1',
    })
    expect(project.problems).toEqual([])
    expect(project.models).toMatchObject([
      { name: 'a', package: 'shop', file: 'models/marts/a.sql', folders: ['marts'] },
    ])
    expect(project.pythonModels.map(({ name }) => name)).toEqual(['py'])
    expect(project.analyses).toMatchObject([{ name: 'b', folders: ['deep', 'down'] }])
    expect(project.functions.map(({ name, language }) => `${name} ${language}`)).toEqual([
      'f sql',
      'g python',
    ])
    expect(project.seeds).toMatchObject([{ name: 's', file: 'seeds/s.csv' }])
    expect(project.tests.map(({ name }) => name)).toEqual(['t'])
    expect(project.macros.map(({ file }) => file)).toEqual(['tests/generic/g.sql'])
    expect(project.fixtures.map(({ name, format }) => `${name} ${format}`)).toEqual([
      'q sql',
      'rows csv',
    ])
  })

  it('are found once where two folders of the same kind overlap', async () => {
    const project = await load({
      'dbt_project.yml': 'name: shop\nmodel-paths: [models, models/marts]\n',
      'models/marts/a.sql': 'select 1',
      'models/marts/a.yml': 'models: [{name: a}]',
    })
    expect(project.models).toMatchObject([{ name: 'a', folders: ['marts'] }])
    expect(project.properties).toHaveLength(1)
  })

  it('have Jinja in their endings when the project allows it', async () => {
    const files = { 'models/a.sql.jinja': 'select 1', 'models/b.sql': 'select 2' }
    expect((await load(files)).models.map(({ name }) => name)).toEqual(['b'])
    const allowed = 'name: shop\nflags: {allow_jinja_file_extensions: true}\n'
    const project = await load({ ...files, 'dbt_project.yml': allowed })
    expect(project.models.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('are left out by .dbtignore', async () => {
    const project = await load({
      '.dbtignore': '# drafts\n*.draft.sql\n/models/old/\n!models/old.sql\n',
      'models/a.sql': '',
      'models/b.draft.sql': '',
      'models/old/c.sql': '',
      'models/old.sql': '',
    })
    expect(project.models.map(({ name }) => name)).toEqual(['a', 'old'])
  })

  it('have no spaces in their names, unless a flag says so', async () => {
    const files = { 'models/my model.sql': 'select 1' }
    expect((await load(files)).problems).toMatchObject([
      { code: 'model/invalid-property', at: { file: 'models/my model.sql' } },
    ])
    const flagged = 'name: shop\nflags: {require_resource_names_without_spaces: false}\n'
    const project = await load({ ...files, 'dbt_project.yml': flagged })
    expect(project.problems).toEqual([])
    expect(project.warnings[0]?.message).toContain('ResourceNamesWithSpacesDeprecation')
  })
})

describe('snapshot blocks', () => {
  it('are cut out of their file, each with its name and place', async () => {
    const text = `
{# {% snapshot not_me %} {% endsnapshot %} #}
{% snapshot first %}
  select '{{ ref("a") }}'
{% endsnapshot %}
{%- snapshot second -%}{% raw %}{% endsnapshot %}{% endraw %} x {%- endsnapshot -%}
`
    const { snapshots, problems } = await load({ 'snapshots/deep/both.sql': text })
    expect(problems).toEqual([])
    expect(snapshots).toMatchObject([
      {
        name: 'first',
        fileName: 'both',
        fileText: text,
        folders: ['deep'],
        text: '\n  select \'{{ ref("a") }}\'\n',
        at: { file: 'snapshots/deep/both.sql', line: 3, column: 1 },
      },
      { name: 'second', text: '{% raw %}{% endsnapshot %}{% endraw %} x', at: { line: 6 } },
    ])
  })

  it('need a name and an end', async () => {
    const { problems, warnings } = await load({
      'snapshots/a.sql': '{% snapshot %}{% endsnapshot %}\n{% snapshot b %}',
      'snapshots/c.sql': '{% endsnapshot %}',
    })
    expect(problems.map(({ message, at }) => `${at?.line} ${message}`)).toEqual([
      '1 This template cannot be read: snapshot needs a name.',
      '2 This template cannot be read: snapshot b has no endsnapshot.',
    ])
    expect(warnings[0]?.message).toContain('UnexpectedJinjaBlockDeprecation')
  })
})

describe('docs blocks', () => {
  it('know their file, and are kept as they are written', async () => {
    const text =
      '{% docs one %} A {# no #}{% raw %}{{ b }}{% endraw %}\n{% enddocs %}{% docs two %}{% enddocs %}'
    const { docs } = await load({ 'models/deep/d.md': text })
    expect(docs).toMatchObject([
      {
        package: 'shop',
        name: 'one',
        text: ' A {# no #}{% raw %}{{ b }}{% endraw %}\n',
        file: 'models/deep/d.md',
        path: 'deep/d.md',
        at: { line: 1, column: 1 },
      },
      { package: 'shop', name: 'two', text: '', file: 'models/deep/d.md', path: 'deep/d.md' },
    ])
  })
})
