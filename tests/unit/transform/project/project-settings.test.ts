import { describe, expect, it } from 'vitest'
import { loadProject } from '../../../../transform/index.ts'
import { type Files, makeFolder, writeProject } from '../../../support/project.ts'

async function load(files: Files) {
  await using folder = await makeFolder()
  return await loadProject(await writeProject(folder.path, files))
}

describe('dbt_project.yml', () => {
  it('has dbt its defaults where it says nothing', async () => {
    const { settings } = await load({ 'dbt_project.yml': 'name: shop\n' })
    expect(settings).toMatchObject({
      version: undefined,
      profile: undefined,
      modelPaths: ['models'],
      seedPaths: ['seeds'],
      snapshotPaths: ['snapshots'],
      analysisPaths: ['analyses'],
      functionPaths: ['functions'],
      docsPaths: ['models', 'seeds', 'snapshots', 'analyses', 'macros', 'tests', 'functions'],
      assetPaths: [],
      targetPath: 'target',
      logPath: 'logs',
      cleanTargets: undefined,
      quoting: {},
      queryComment: undefined,
      flags: {},
      onRunStart: [],
      onRunEnd: [],
      restrictAccess: false,
    })
  })

  it('says which folders are no folders', async () => {
    const { problems } = await load({ 'dbt_project.yml': 'name: shop\nseed-paths: 4\n' })
    const places = problems.map(({ at, message }) => `${at?.line} ${message}`)
    expect(places).toEqual(['2 seed-paths: must be a list of folders.'])
  })

  it('is carried whole', async () => {
    const { settings, problems, warnings } = await load({
      'dbt_project.yml': `
name: shop
version: 1.2.3
profile: warehouse
quoting: {identifier: true}
query-comment: {comment: by me, append: true}
flags: {fail_fast: true}
on-run-start: "{{ log('a') }}"
on-run-end: [select 1, select 2]
clean-targets: [out]
target-path: out
log-path: logs
docs-paths: [docs]
asset-paths: [assets]
restrict-access: true
dbt-cloud: {project-id: 1}
models: {+tags: [a], shop: {+schema: s}}
snapshots: {+strategy: check}
data_tests: {+severity: warn}
sources: {+enabled: true}
exposures: {+enabled: true}
metrics: {+enabled: true}
semantic-models: {+enabled: true}
saved-queries: {+enabled: true}
unit_tests: {+tags: [u]}
functions: {+schema: f}
analyses: {+enabled: true}
`,
    })
    expect(problems).toEqual([])
    expect(warnings.map(({ message }) => message)).toEqual([
      'ConfigTargetPathDeprecation: target-path is said by --target-path or DBT_TARGET_PATH.',
    ])
    expect(settings).toMatchObject({
      version: '1.2.3',
      profile: 'warehouse',
      quoting: { identifier: true },
      queryComment: { comment: 'by me', append: true },
      flags: { fail_fast: true },
      onRunStart: ["{{ log('a') }}"],
      onRunEnd: ['select 1', 'select 2'],
      cleanTargets: ['out'],
      docsPaths: ['docs'],
      assetPaths: ['assets'],
      restrictAccess: true,
      dbtCloud: { 'project-id': 1 },
      configs: {
        models: { '+tags': ['a'], shop: { '+schema': 's' } },
        snapshots: { '+strategy': 'check' },
        tests: { '+severity': 'warn' },
        semanticModels: { '+enabled': true },
        savedQueries: { '+enabled': true },
        unitTests: { '+tags': ['u'] },
        functions: { '+schema': 'f' },
      },
    })
  })

  it('says tests or data_tests, and warns of keys it does not know', async () => {
    const { problems, warnings } = await load({
      'dbt_project.yml': 'name: shop\ntests: {+a: 1}\ndata_tests: {+a: 2}\nmodel-path: [x]\n',
    })
    expect(problems.map(({ message }) => message)).toEqual([
      'tests: and data_tests mean the same: keep one of the two.',
    ])
    expect(warnings).toMatchObject([
      { code: 'model/unknown-key', at: { line: 4 }, hint: expect.stringContaining('model-paths') },
    ])
  })
})

describe('vars.yml', () => {
  it('holds the variables in place of dbt_project.yml', async () => {
    const files = { 'vars.yml': 'vars: {days: 3}\n' }
    const { settings, problems } = await load(files)
    expect(settings.vars).toEqual({ days: 3 })
    expect(problems).toEqual([])
    const both = await load({ ...files, 'dbt_project.yml': 'name: shop\nvars: {days: 4}\n' })
    expect(both.problems).toMatchObject([{ at: { file: 'vars.yml', line: 1 } }])
  })
})

describe('selectors.yml', () => {
  it('is carried as it is written', async () => {
    const { selectors, problems } = await load({
      'selectors.yml': `
selectors:
  - name: nightly
    description: what runs at night
    default: "{{ target.name == 'prod' }}"
    definition:
      union:
        - {method: tag, value: nightly, children: true}
        - exclude: [+old]
  - {name: text, definition: "tag:a +b"}
  - {name: text, definition: c}
  - {definition: d}
  - {name: nothing}
`,
    })
    expect(selectors.slice(0, 2)).toEqual([
      {
        name: 'nightly',
        description: 'what runs at night',
        default: "{{ target.name == 'prod' }}",
        definition: {
          union: [{ method: 'tag', value: 'nightly', children: true }, { exclude: ['+old'] }],
        },
        at: { file: 'selectors.yml', line: 3, column: 5 },
      },
      {
        name: 'text',
        description: '',
        default: undefined,
        definition: 'tag:a +b',
        at: { file: 'selectors.yml', line: 10, column: 5 },
      },
    ])
    expect(problems.map(({ message }) => message)).toEqual([
      'selectors[2].name: is text twice.',
      'selectors[3]: needs a name.',
      'selectors[4]: needs a definition.',
    ])
  })
})

describe('spellings that dbt no longer wants', () => {
  it('work and are named', async () => {
    const { warnings, problems } = await load({
      'models/s.yml': `
exposures:
  - {name: my dash, type: ml, owner: {name: x}}
models:
  - name: a
    description: one
    description: two
    access: public
    data_tests: [accepted_values: {severity: warn, values: [1]}]
semantic_models:
  - {name: s, model: ref('a'), dimensions: [{name: at, type: time}]}
`,
    })
    expect(problems).toEqual([])
    expect(warnings.map(({ message }) => message.split(':')[0])).toEqual([
      'DuplicateYAMLKeysDeprecation',
      'ExposureNameDeprecation',
      'PropertyMovedToConfigDeprecation',
      'MissingArgumentsPropertyInGenericTestDeprecation',
      'TimeDimensionsRequireGranularityDeprecation',
    ])
  })
})
