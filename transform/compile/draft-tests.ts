/** Generic data tests, from what schema files ask of models, seeds, snapshots and sources. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import { compileTemplate } from '../jinja/template.ts'
import { type Arguments, HostFunction, isHostObject, toTemplateValue } from '../jinja/values.ts'
import type { Column, Config, TestDeclaration } from '../project/project.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import type { RefCall, SourceCall } from './ask-memo.ts'
import { pathInPackage } from './draft-sources.ts'
import { type Compilation, collecting, folderConfigs, makeNames, writtenConfig } from './drafts.ts'
import { missingArgument } from './generic-tests.ts'
import { unknownNoter } from './latent-problems.ts'
import { type MacroLibrary, macroId, testNames } from './macros.ts'
import type { NamedNode, NodeHost } from './node-names.ts'
import { ParseHost } from './parse-host.ts'
import { RelationValue } from './relation-value.ts'
import { mergeConfig, tagsOf } from './resolve-config.ts'
import { rawCodeOf, writtenTest } from './test-code.ts'
import { idOfGenericTest, nameGenericTest } from './test-names.ts'

export type GenericDraft = NamedNode & {
  readonly declaration: TestDeclaration
  /** The column as the macro gets it, quoted when the schema file says so. */
  readonly column: string | undefined
  readonly test: string
  readonly namespace: string | undefined
  readonly kwargs: Config
  readonly path: string
  readonly config: Config
  readonly unrenderedConfig: Config
  readonly asked: ParseHost
  readonly subject: Subject
  readonly rawCode: string
  /** Of its column, of itself, of project files. */
  readonly tags: readonly string[]
  readonly isEnabled: boolean
}

export type Subject = {
  readonly id: string
  /** As it stands in the test's name: `stg_users`, `orders_v2`, or `raw_events` for a source. */
  readonly name: string
  /** What a test of it refers to. */
  readonly reference: RefCall | SourceCall
  /** What stands in the test for it: `ref('orders', version='2')`, `source('raw', 'events')`. */
  readonly call: string
  readonly isSource: boolean
  readonly isEnabled: boolean
  readonly package: string
  readonly columns: readonly Column[]
  readonly quotesColumns: boolean
  /** Its tests have them too: those of a source's table. */
  readonly tags: readonly string[]
  readonly group: string | undefined
}

/** Drafts of all tests of one subject; tests that cannot be are listed as problems. */
export function draftGenericTests(
  compilation: Compilation,
  subject: Subject,
  declarations: readonly TestDeclaration[],
): GenericDraft[] {
  return declarations.flatMap((declaration) => {
    const draft = collecting(compilation, () => draftOne(compilation, subject, declaration))
    return draft === undefined ? [] : [draft]
  })
}

function draftOne(
  compilation: Compilation,
  subject: Subject,
  declaration: TestDeclaration,
): GenericDraft | undefined {
  const macro = findTestMacro(compilation, subject, declaration)
  const { project, inputs } = compilation
  const { arguments: args, at } = declaration
  const [test = declaration.test, namespace] = declaration.test.split('.').reverse()
  const described = subject.columns.find(({ name }) => name === declaration.column)
  const column = columnArgument(subject, declaration.column, described)
  const named = column === undefined ? args : { column_name: column, ...args }
  const plain = subject.isSource ? `source_${test}` : test
  const spelt = namespace === undefined ? plain : `${namespace}_${plain}`
  const names =
    declaration.name === undefined
      ? nameGenericTest(spelt, subject.name, named, inputs.md5)
      : { full: declaration.name, short: declaration.name }
  const kwargs = { ...named, model: `{{ get_where_subquery(${subject.call}) }}` }
  const metadata = { namespace, name: test, kwargs }
  const owner = subject.package
  const id = idOfGenericTest(owner, names.full, metadata, inputs.md5)
  const fqn = [owner, ...foldersOfFile(compilation, owner, at.file), names.full]
  const alias = names.short === names.full ? {} : { alias: names.short }
  const folders = folderConfigs(project, 'tests', fqn)
  const said = { ...declaration.config, ...alias }
  const node = { name: names.full, id, file: at.file, fqn, package: owner, kind: 'test' }
  const asked = new ParseHost(mergeConfig(folders.own, said))
  asked.macros.add(macro)
  asked.macros.add(macroOfWhere(compilation.library, owner))
  const given = evaluateArguments(compilation, node, asked, declaration)
  askForSubject(asked, subject)
  if (column !== undefined) given.set('column_name', column)
  const isRendered = !isQuick.has(macro)
  if (isRendered) {
    renderTest(compilation, node, asked, { macro, given, subject })
    // What the schema file says is said again behind the macro, so that it wins.
    asked.config(said)
  }
  const config = mergeConfig(asked.readConfig(), folders.root)
  return {
    ...node,
    declaration,
    column,
    test,
    namespace,
    kwargs,
    path: `${names.short}.sql`,
    config,
    unrenderedConfig: writtenConfig(
      compilation,
      'tests',
      fqn,
      undefined,
      writtenTest(isRendered, said, asked.header),
    ),
    asked,
    subject,
    rawCode: rawCodeOf(namespace, test, said),
    tags: [
      ...new Set([
        ...[...subject.tags, ...(described?.tags ?? []), ...tagsOf(said)].sort(),
        ...tagsOf(config),
      ]),
    ],
    isEnabled: subject.isEnabled && config['enabled'] !== false,
  }
}

/** The macro that puts `where` around a relation; a project may have its own. */
function macroOfWhere({ root, packages }: MacroLibrary, owner: string): string {
  const name = 'get_where_subquery'
  const found = [owner, root].find((each) => packages.get(each)?.has(name))
  return macroId(found ?? standardPackage, name)
}

/** Tests that dbt does not render to learn what they name. */
const isQuick = new Set(['macro.dbt.test_unique', 'macro.dbt.test_not_null'])

/** After what the arguments name, as in dbt. */
function askForSubject(asked: ParseHost, { reference }: Subject): void {
  if ('source' in reference) asked.source(reference.source, reference.table)
  else asked.ref(reference.parts, reference.version)
}

type TestMacro = {
  readonly macro: string
  readonly given: ReadonlyMap<string, unknown>
  readonly subject: Subject
}

/** A test of somebody's own may say `config(…)` in its body, and name nodes. */
function renderTest(
  compilation: Compilation,
  node: NamedNode,
  asked: ParseHost,
  { macro, given, subject }: TestMacro,
): void {
  const [, owner = '', name = ''] = macro.split('.')
  const { own, all } = makeNames(compilation, node, asked, 'sync', asked.macros, true)
  if (owner === standardPackage) return
  const names = [...given].map(([key, value]) => [key, toTemplateValue(value)] as const)
  own.set('test_macro', all.macroOf(owner, name))
  own.set('test_arguments', new Map(names))
  own.set(
    'tested_relation',
    new RelationValue(subject.id, { catalog: '', schema: '', name: subject.name }),
  )
  const template = compileTemplate(
    node.file,
    '{{ test_macro(model=tested_relation, **test_arguments) }}',
  )
  template.renderSync(all)
}

function columnArgument(
  { quotesColumns }: Subject,
  column: string | undefined,
  described: Column | undefined,
): string | undefined {
  if (column === undefined || described === undefined) return column
  return (described.quote ?? quotesColumns) ? quoteIdent(column) : column
}

/** Folders between the first folder of a schema file's path and the file. */
function foldersOfFile({ project }: Compilation, owner: string, file: string): string[] {
  const settings = project.packages.find(({ name }) => name === owner) ?? project.settings
  return pathInPackage(settings, file).split('/').slice(1, -1)
}

/** @returns the id of the macro that is the test */
function findTestMacro(
  { library }: Compilation,
  subject: Subject,
  { test, column, arguments: args, at }: TestDeclaration,
): string {
  const owner = ownerOfTest(library, test, subject.package)
  const plain = test.split('.').at(-1) ?? test
  if (owner === undefined) {
    const parameters = { test, subject: subject.name, nearest: nearest(test, testNames(library)) }
    throw problem('model/unknown-test', parameters, { at })
  }
  if (owner === standardPackage) {
    const on = column ?? (typeof args['column_name'] === 'string' ? args['column_name'] : undefined)
    const missing = missingArgument(plain, on, args)
    if (missing !== undefined) {
      const reason = `needs ${missing}`
      throw problem('model/invalid-property', { path: `${subject.name}.${test}`, reason }, { at })
    }
  }
  return macroId(owner, `test_${plain}`)
}

/** The package whose block a test's name means. */
function ownerOfTest(
  { root, packages }: MacroLibrary,
  test: string,
  owner: string,
): string | undefined {
  const [plain = test, named] = test.split('.').reverse()
  const owners = named === undefined ? [owner, root, standardPackage] : [named]
  return owners.find((name) => packages.get(name)?.has(`test_${plain}`))
}

/** Arguments with Jinja or with calls such as `ref('x')` become what they say; the rest stays as it is written. */
export function evaluateArguments(
  compilation: Compilation,
  node: NamedNode,
  host: NodeHost,
  { arguments: args, at }: TestDeclaration,
): Map<string, unknown> {
  const call = /^\s*(?:env_var|ref|var|source|doc)\s*\(.+\)\s*$/s
  const evaluate = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(evaluate)
    if (typeof value === 'object' && value !== null && !isHostObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, evaluate(part)]))
    }
    if (typeof value !== 'string') return value
    const text = value.replace(/^\s*\{\{((?:(?!\}\}).)*)\}\}\s*$/s, '$1')
    const isCall = call.test(text)
    if (!isCall && !value.includes('{{')) return value
    const isParsing = !host.execute
    const { own, all } = makeNames(compilation, node, host, 'sync', undefined, isParsing)
    let captured: unknown
    const capture = ({ positional }: Arguments) => {
      captured = positional[0]
      return ''
    }
    own.set('capture', new HostFunction('capture', capture))
    const template = compileTemplate(at.file, isCall ? `{{ capture(${text}) }}` : value)
    const { latent, library } = compilation
    const noter = isParsing ? unknownNoter(latent, library, node, { template, at }) : undefined
    const printed = template.renderSync(all, noter)
    return isCall ? captured : printed
  }
  return new Map(Object.entries(args).map(([key, value]) => [key, evaluate(value)]))
}
