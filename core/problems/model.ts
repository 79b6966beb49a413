/** Problems of a project's models: reading, compiling, planning and running them. */
import { defineProblem } from './define.ts'

type Nearest = { readonly nearest: string | undefined }

const didYouMean = (nearest: string | undefined, otherwise: string): string =>
  nearest === undefined ? otherwise : `did you mean ${nearest}? ${otherwise}`

const lsHint = '`millrace ls` prints every name.'

export const modelProblems = {
  'model/project-not-found': defineProblem<{ directory: string }>({
    actor: 'user',
    message: ({ directory }) => `There is no dbt_project.yml in ${directory}.`,
    hint: () =>
      'name the folder of a project with --project-dir, or begin one with `millrace init`.',
  }),
  'model/missing-package': defineProblem<{ package: string; folder: string }>({
    actor: 'user',
    message: ({ package: name, folder }) => `The package ${name} is not in ${folder}.`,
    hint: () => 'run `millrace deps`, or copy it there, or name a folder with local:.',
  }),
  'model/unreadable': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `This file cannot be read: ${reason}`,
  }),
  'model/unused-config-paths': defineProblem<{ paths: readonly string[] }>({
    actor: 'user',
    message: ({ paths }) =>
      `Configuration paths which do not apply to any resources: ${paths.join(', ')}.`,
    hint: () =>
      'a path is the name of the project or package, then folders; rename or remove them.',
  }),
  'model/bad-warn-error-options': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `warn_error_options cannot be used: ${reason}.`,
    hint: () =>
      `write it as {"error": "all", "silence": ["JinjaLogWarning"]}, with dbt's names of warnings or the codes that they are printed with.`,
  }),
  'model/unknown-warning': defineProblem<{ name: string } & Nearest>({
    actor: 'user',
    message: ({ name }) => `warn_error_options names ${name}, and no warning has that name.`,
    hint: ({ nearest }) => didYouMean(nearest, 'It changes nothing.'),
  }),
  'model/not-utf8': defineProblem<{ offset: number; byte: string }>({
    actor: 'user',
    message: ({ offset, byte }) =>
      `This file is not UTF-8: the byte ${byte} at offset ${offset} belongs to no character.`,
    hint: () => 'save it as UTF-8; what Windows wrote is mostly in the encoding windows-1252.',
  }),
  'model/empty-seed': defineProblem<{ seed: string }>({
    actor: 'user',
    message: ({ seed }) => `The file of the seed ${seed} is empty, so it has no columns.`,
    hint: () => 'write a line with the names of the columns first; rows may be missing.',
  }),
  'model/ragged-seed': defineProblem<{
    seed: string
    line: number
    values: number
    columns: number
  }>({
    actor: 'user',
    message: ({ seed, line, values, columns }) =>
      `Line ${line} of the seed ${seed} has ${values} ${values === 1 ? 'value' : 'values'}, and its first line names ${columns} ${columns === 1 ? 'column' : 'columns'}.`,
    hint: () =>
      'write a value for each column, an empty one too; one that holds a comma stands in double quotes. Another delimiter than the comma is the config `delimiter`.',
  }),
  'model/unreadable-seed': defineProblem<{
    seed: string
    reason: string
    original: string | undefined
  }>({
    actor: 'user',
    message: ({ seed, reason, original }) =>
      `The seed ${seed} cannot be read: ${reason}${original === undefined ? '' : `; the line is ${original}`}`,
    hint: () => 'correct the file, or the configs column_types and delimiter of the seed.',
  }),
  'model/not-yaml': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `This file is not valid YAML: ${reason}`,
  }),
  'model/invalid-property': defineProblem<{ path: string; reason: string }>({
    actor: 'user',
    message: ({ path, reason }) => `${path}: ${reason}.`,
  }),
  'model/unknown-key': defineProblem<{ path: string; key: string } & Nearest>({
    actor: 'user',
    message: ({ path, key }) => `${path === '' ? '' : `${path}: `}unknown key ${key}.`,
    hint: ({ nearest }) =>
      didYouMean(nearest, 'It is ignored; keys of your own belong under meta.'),
  }),
  'model/deprecated': defineProblem<{ name: string; advice: string; places: number }>({
    actor: 'user',
    message: ({ name, advice, places }) =>
      `${name}: ${advice}${places === 1 ? '' : ` (${places} places)`}.`,
    hint: () => 'the old spelling works here.',
  }),
  'model/deprecated-model': defineProblem<{
    name: string
    model: string
    date: string
    reader: string | undefined
  }>({
    actor: 'user',
    message: ({ name, model, date, reader }) =>
      `${name}: ${model} has the deprecation date ${date}${reader === undefined ? '' : `, and ${reader} reads it`}.`,
    hint: ({ reader }) =>
      reader === undefined ? 'remove it, or change its deprecation_date.' : 'read another version.',
  }),
  'model/wrong-dbt-version': defineProblem<{ required: string }>({
    actor: 'user',
    message: ({ required }) => `This project requires dbt ${required}.`,
    hint: () => 'Millrace runs what dbt 1.0 to 2.0 run; widen require-dbt-version if it is meant.',
  }),
  'model/template-syntax': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `This template cannot be read: ${reason}.`,
  }),
  'model/python-model': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `This Python model cannot be used: ${reason}.`,
  }),
  'model/template-failed': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `This template cannot be rendered: ${reason}.`,
  }),
  'model/compiler-error': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => reason,
  }),
  'model/template-warning': defineProblem<{ node: string; reason: string }>({
    actor: 'user',
    message: ({ node, reason }) => `${node} warns: ${reason}`,
  }),
  'model/no-database': defineProblem<{ sql: string }>({
    actor: 'user',
    message: ({ sql }) =>
      `A template asks the database while no database is open: ${sql.trim().slice(0, 120)}`,
    hint: () => 'guard queries of templates with {% if execute %}, and do not run them from here.',
  }),
  'model/unknown-ref': defineProblem<{ node: string; ref: string } & Nearest>({
    actor: 'user',
    message: ({ node, ref }) => `${node} refers to ${ref}, which this project does not define.`,
    hint: ({ nearest }) => didYouMean(nearest, lsHint),
  }),
  'model/not-run-yet': defineProblem<{ node: string; kind: string }>({
    actor: 'user',
    message: ({ node, kind }) => `${node} is a ${kind}, and those are parsed and not run yet.`,
    hint: () => 'leave it out with --exclude.',
  }),
  'model/foreign-table': defineProblem<{ node: string; table: string } & Nearest>({
    actor: 'user',
    message: ({ node, table }) =>
      `${node} reads ${table}, which it names by neither ref() nor source().`,
    hint: ({ nearest }) =>
      nearest === undefined
        ? 'declare it under `sources:` in a .yml file, and read it through source().'
        : `write {{ ${nearest} }}, so that it is built first and seen in the graph.`,
  }),
  'model/disabled-ref': defineProblem<{ node: string; ref: string }>({
    actor: 'user',
    message: ({ node, ref }) => `${node} refers to ${ref}, which is disabled.`,
    hint: ({ ref }) => `enable ${ref}, or disable what reads it.`,
  }),
  'model/unknown-source': defineProblem<{ node: string; source: string } & Nearest>({
    actor: 'user',
    message: ({ node, source }) =>
      `${node} reads the source ${source}, which no schema file declares.`,
    hint: ({ nearest }) =>
      didYouMean(nearest, 'declare it under `sources:` in a .yml file of the models folder.'),
  }),
  'model/undefined-name': defineProblem<{ node: string; name: string } & Nearest>({
    actor: 'user',
    message: ({ node, name }) => `${name} is undefined in ${node}.`,
    hint: ({ nearest }) =>
      didYouMean(
        nearest,
        'Define it in a folder of macro-paths, set it in this file, or get its package with `millrace deps`.',
      ),
  }),
  'model/unknown-macro': defineProblem<{ name: string } & Nearest>({
    actor: 'user',
    message: ({ name }) => `There is no macro ${name}.`,
    hint: ({ nearest }) => didYouMean(nearest, 'Macros live in the folders of macro-paths.'),
  }),
  'model/missing-version': defineProblem<
    { model: string; version: string; wanted: string } & Nearest
  >({
    actor: 'user',
    message: ({ model, version, wanted }) =>
      `Version ${version} of ${model} has no file: there is no ${wanted}.`,
    hint: ({ nearest }) => didYouMean(nearest, 'defined_in: names a file without its ending.'),
  }),
  'model/unknown-group': defineProblem<{ node: string; group: string } & Nearest>({
    actor: 'user',
    message: ({ node, group }) => `${node} belongs to the group ${group}, which nobody defines.`,
    hint: ({ nearest }) => didYouMean(nearest, 'Groups stand under groups: in a schema file.'),
  }),
  'model/private-ref': defineProblem<{ node: string; parent: string; group: string }>({
    actor: 'user',
    message: ({ node, parent, group }) =>
      `${node} refers to ${parent}, which is private to the group ${group}.`,
    hint: ({ parent, group }) =>
      `put it into the group ${group}, or give ${parent} access: protected.`,
  }),
  'model/unknown-doc': defineProblem<{ name: string } & Nearest>({
    actor: 'user',
    message: ({ name }) => `There is no docs block ${name}.`,
    hint: ({ nearest }) =>
      didYouMean(nearest, 'Docs blocks stand in .md files: {% docs name %} … {% enddocs %}.'),
  }),
  'model/unknown-var': defineProblem<{ name: string } & Nearest>({
    actor: 'user',
    message: ({ name }) => `The variable ${name} has no value.`,
    hint: ({ name, nearest }) =>
      didYouMean(
        nearest,
        `set it under vars: in dbt_project.yml, or with --vars '{"${name}": …}', or give a default: var('${name}', …).`,
      ),
  }),
  'model/missing-variable': defineProblem<{ variable: string }>({
    actor: 'user',
    message: ({ variable }) => `The environment variable ${variable} is not set.`,
    hint: ({ variable }) => `export ${variable}=…, or give a default: env_var('${variable}', '…').`,
  }),
  'model/duplicate-name': defineProblem<{ name: string; files: readonly string[] }>({
    actor: 'user',
    message: ({ name, files }) => `${name} is defined ${files.length} times: ${files.join(', ')}.`,
    hint: () => 'names of models and seeds are unique in a project; rename all but one.',
  }),
  'model/described-twice': defineProblem<{
    what: string
    name: string
    places: readonly string[]
  }>({
    actor: 'user',
    message: ({ what, name, places }) =>
      `The ${what} ${name} is described ${places.length} times: ${places.join(', ')}.`,
    hint: () => 'put all that is said of it into one entry, and remove the others.',
  }),
  'model/defined-twice': defineProblem<{
    what: string
    name: string
    places: readonly string[]
  }>({
    actor: 'user',
    message: ({ what, name, places }) =>
      `The ${what} ${name} is defined ${places.length} times: ${places.join(', ')}.`,
    hint: () => 'names are unique in a package: rename or remove all but one.',
  }),
  'model/test-twice': defineProblem<{ test: string; places: readonly string[] }>({
    actor: 'user',
    message: ({ test, places }) =>
      `The data test ${test} is asked for ${places.length} times: ${places.join(', ')}.`,
    hint: () => 'remove all but one, or give each a name: of its own.',
  }),
  'model/duplicate-relation': defineProblem<{ relation: string; nodes: readonly string[] }>({
    actor: 'user',
    message: ({ relation, nodes }) => `${nodes.join(' and ')} would both write ${relation}.`,
    hint: () => 'give one of them another alias or schema.',
  }),
  'model/cycle': defineProblem<{ nodes: readonly string[] }>({
    actor: 'user',
    message: ({ nodes }) => `These refer to each other in a circle: ${nodes.join(' → ')}.`,
    hint: () => 'move what both need into a model of its own.',
  }),
  'model/unknown-test': defineProblem<{ test: string; subject: string } & Nearest>({
    actor: 'user',
    message: ({ test, subject }) =>
      `${subject} asks for the data test ${test}, which is not known.`,
    hint: ({ nearest }) =>
      didYouMean(
        nearest,
        'There are not_null, unique, accepted_values, relationships, and the test blocks of the macro folders.',
      ),
  }),
  'model/unknown-subject': defineProblem<{ kind: string; name: string } & Nearest>({
    actor: 'user',
    message: ({ kind, name }) => `A schema file describes the ${kind} ${name}, which has no file.`,
    hint: ({ nearest }) => didYouMean(nearest, 'The description is ignored.'),
  }),
  'model/unknown-materialization': defineProblem<{ node: string; materialized: string } & Nearest>({
    actor: 'user',
    message: ({ node, materialized }) => `${node} is materialized as ${materialized}.`,
    hint: ({ nearest }) =>
      didYouMean(nearest, 'There are view, table, incremental, ephemeral and external.'),
  }),
  'model/invalid-config': defineProblem<{ node: string; key: string; reason: string }>({
    actor: 'user',
    message: ({ node, key, reason }) => `${node}: config ${key} ${reason}.`,
  }),
  'model/not-a-snapshot': defineProblem<{ node: string; relation: string; reason: string }>({
    actor: 'user',
    message: ({ node, relation, reason }) =>
      `${node} would add to ${relation}, which is no snapshot: ${reason}.`,
    hint: () =>
      'give the snapshot another name (alias), or rename what stands there; it is left as it is.',
  }),
  'model/unknown-freshness': defineProblem<{ source: string; reason: string }>({
    actor: 'user',
    message: ({ source, reason }) => `The age of the source ${source} is not known: ${reason}.`,
    hint: () => 'name a timestamp with loaded_at_field, or one that is cast to it.',
  }),
  'model/contract-failed': defineProblem<{ node: string; reason: string }>({
    actor: 'model',
    message: ({ reason }) => reason,
  }),
  'model/constraint-failed': defineProblem<{ node: string; rule: string; rows: string }>({
    actor: 'model',
    message: ({ node, rule, rows }) =>
      `${node} breaks its contract: ${rule} does not hold (${rows}).`,
    hint: () =>
      'nothing was published. Select the rows that break the rule, or take the constraint out of the contract.',
  }),
  'model/constraint-unchecked': defineProblem<{ node: string; rules: readonly string[] }>({
    actor: 'user',
    message: ({ node, rules }) =>
      `${node}: DuckLake does not declare these constraints, and they cannot be checked either: ${rules.join(', ')}.`,
    hint: () => 'write a data test for what they say.',
  }),
  'model/config-ignored': defineProblem<{ node: string; key: string; reason: string }>({
    actor: 'user',
    message: ({ node, key, reason }) => `${node}: config ${key} is ignored: ${reason}.`,
  }),
  'model/foreign-key-in-the-way': defineProblem<{ node: string; tables: readonly string[] }>({
    actor: 'user',
    message: ({ node, tables }) =>
      `${node} cannot be replaced: foreign keys of other tables point at it, and only tables that this run builds anew after it may lose them. In the way: ${tables.join('; ')}.`,
    hint: () =>
      'select those models too, with --full-refresh if they are incremental, and name the table by `to: ref(…)` in their constraints.',
  }),
  'model/new-rows-failed': defineProblem<{ node: string; test: string; reason: string }>({
    actor: 'model',
    message: ({ node, test, reason }) =>
      `The new rows of ${node} were not taken in, because ${test} fails on them: ${reason}.`,
    hint: () => 'mend what the model reads, or the model; the table is as it was.',
  }),
  'model/new-rows-misused': defineProblem<{ node: string; reason: string }>({
    actor: 'user',
    message: ({ node, reason }) => `${node}: new_rows() ${reason}.`,
    hint: () => "write new_rows(ref('x')) or new_rows(source('s', 'x')) in an incremental model.",
  }),
  'model/bad-selector': defineProblem<{ selector: string; reason: string }>({
    actor: 'user',
    message: ({ selector, reason }) => `The selector ${selector} cannot be read: ${reason}.`,
    hint: () =>
      'a selector is [method:]name with *, +name, name+, 2+name+1 or @name; a space joins, a comma intersects.',
  }),
  'model/no-nodes': defineProblem<{ criterion: string } & Nearest>({
    actor: 'user',
    message: ({ criterion }) =>
      `The selection criterion '${criterion}' does not match any enabled nodes.`,
    hint: ({ nearest }) => didYouMean(nearest, lsHint),
  }),
  'model/nothing-to-do': defineProblem<{ what: string }>({
    actor: 'user',
    message: ({ what }) => `Nothing to do: the selection holds no ${what}.`,
    hint: () => lsHint,
  }),
  'model/no-nodes-selected': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'The selection holds no node.',
  }),
  'model/unknown-selector': defineProblem<{ selector: string } & Nearest>({
    actor: 'user',
    message: ({ selector }) => `No selector of selectors.yml is named ${selector}.`,
    hint: ({ nearest }) => didYouMean(nearest, 'selectors.yml lists names under `selectors:`.'),
  }),
  'model/bad-selector-definition': defineProblem<{ selector: string; reason: string }>({
    actor: 'user',
    message: ({ selector, reason }) => `The definition of the selector ${selector} ${reason}.`,
    hint: () =>
      'a definition is text such as tag:nightly, one {method: value}, {method, value, …}, {union: […]} or {intersection: […]}.',
  }),
  'model/no-state': defineProblem<{ what: string; file: string }>({
    actor: 'user',
    message: ({ what, file }) => `${what} compares with ${file}, and there is none.`,
    hint: ({ file }) => `name a folder that holds ${file} with --state.`,
  }),
  'model/unreadable-state': defineProblem<{ file: string; reason: string }>({
    actor: 'user',
    message: ({ file, reason }) => `The artifact ${file} cannot be used: ${reason}.`,
    hint: () => 'write it anew with `millrace compile`, or name another folder with --state.',
  }),
  'model/contract-broken': defineProblem<{ node: string; changes: readonly string[] }>({
    actor: 'user',
    message: ({ node, changes }) =>
      `${node} breaks the contract of its previous state: ${changes.join('; ')}.`,
    hint: () => 'add a version of the model instead, or undo the change.',
  }),
  'model/bad-sample': defineProblem<{ text: string; reason: string }>({
    actor: 'user',
    message: ({ text, reason }) => `--sample ${text} is not a window of time: ${reason}.`,
    hint: () => `write '3 days' (hour, day, month, year), or {start: 2024-01-01, end: 2024-02-01}.`,
  }),
  'model/bad-event-time': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `The event time window cannot be used: ${reason}.`,
    hint: () =>
      'give both --event-time-start and --event-time-end, as 2024-01-31 or 2024-01-31T12:00:00.',
  }),
  'model/bad-vars': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `--vars is not a map of names and values: ${reason}.`,
    hint: () => `for example --vars '{"days": 30}'.`,
  }),
  'model/many-statements': defineProblem<{ node: string; line: number }>({
    actor: 'model',
    message: ({ node, line }) =>
      `${node} is more than one statement: the first ends with the semicolon in line ${line} of its compiled SQL.`,
    hint: () => 'a model is one query; what else has to run belongs into pre_hook or post_hook.',
  }),
  'model/timed-out': defineProblem<{ node: string; seconds: number }>({
    actor: 'model',
    message: ({ node, seconds }) => `${node} took longer than its timeout of ${seconds} s.`,
    hint: () => 'raise the config timeout, or make the query cheaper.',
  }),
  'model/schema-changed': defineProblem<{ node: string; reason: string }>({
    actor: 'model',
    message: ({ node, reason }) => `${node} no longer fits its table: ${reason}.`,
    hint: () =>
      'build it once with --full-refresh, or set on_schema_change: append_new_columns or sync_all_columns.',
  }),
  'model/changed-needs-lake': defineProblem<{ database: string }>({
    actor: 'user',
    message: ({ database }) =>
      `--changed compares snapshots, and ${database} is a DuckDB file, which keeps none.`,
    hint: () => 'leave it out, or build in a lake; `--select state:modified+` compares code alone.',
  }),
}
