/** Nodes on the way to the graph: parsed, their configs merged, their refs not yet looked up. */
import { MillraceError } from '../../core/errors.ts'
import type { Position } from '../../core/problems.ts'
import { compileTemplate, deferTemplate, type Template } from '../jinja/template.ts'
import { HostFunction, toTemplateValue } from '../jinja/values.ts'
import type { Column, Config, ConfigKind, Project, Properties } from '../project/project.ts'
import type { Entry } from '../project/project-properties.ts'
import { placeFinder } from '../project/text-position.ts'
import { readHooks } from '../stdlib/hooks.ts'
import { askStatically, hasPlainNames } from './ask-statically.ts'
import type { OnMissing } from './base-names.ts'
import { constraintCalls } from './constraints.ts'
import type { LatentProblem } from './graph.ts'
import type { CompileInputs } from './inputs.ts'
import { warnMisspelt } from './known-configs.ts'
import { type NodeTemplate, noteMissingVariable, unknownNoter } from './latent-problems.ts'
import { type MacroLibrary, NodeNames } from './macros.ts'
import { type NamedNode, namesOfNode } from './node-names.ts'
import { ParseHost } from './parse-host.ts'
import { RelationValue } from './relation-value.ts'
import { configOfFolders, mergeConfig, tagsOf } from './resolve-config.ts'
import { RefFunction, runtimeConfig } from './runtime-config.ts'
import { writtenFolders, writtenHeader } from './written-config.ts'

/** What every step of compiling needs. */
export type Compilation = {
  readonly project: Project
  /** The same before its YAML values were rendered. */
  readonly written: Project
  readonly inputs: CompileInputs
  readonly library: MacroLibrary
  /** Variables as each package sees them. */
  readonly vars: (owner: string) => Config
  /** Model and seed entries of schema files, by `kind.package.name`. */
  readonly properties: ReadonlyMap<string, Properties>
  readonly problems: MillraceError[]
  readonly warnings: MillraceError[]
  /** What fails when a node is rendered. */
  readonly latent: LatentProblem[]
}

export type DraftKind = 'model' | 'test' | 'snapshot' | 'analysis' | 'operation' | 'function'

/** What a schema file says of a node. */
export type Patch = Pick<Entry, 'description' | 'config' | 'unrendered' | 'package' | 'file'> & {
  readonly columns?: readonly Column[]
}

/** A file or a block of a file, named and placed. */
export type DraftSource = NamedNode & {
  readonly kind: DraftKind
  readonly path: string
  readonly text: string
  readonly patch: Patch | undefined
  /** What its checksum is made of, when that is not its text. */
  readonly hashed?: string | undefined
  /** Of a model: the whole of what its schema file says. */
  readonly entry?: Properties | undefined
  /** The version of a model as it is written, a number or a text. */
  readonly v?: string | number | undefined
  /** Of a model with versions: what a ref without a version means. */
  readonly isLatest: boolean
}

export type SqlDraft = DraftSource & {
  readonly template: Template
  readonly config: Config
  /** What its relation is named by: a `schema=none` counts there, and nowhere else. */
  readonly naming: Config
  readonly unrenderedConfig: Config
  readonly asked: ParseHost
  /** In dbt's order: what folders and header say before what the schema file says. */
  readonly tags: readonly string[]
  readonly isEnabled: boolean
  readonly language: 'sql' | 'python'
}

const configKinds: Readonly<Record<DraftKind, ConfigKind>> = {
  model: 'models',
  test: 'tests',
  snapshot: 'snapshots',
  // As in dbt, which gives analyses and hooks what project files say of models.
  analysis: 'models',
  operation: 'models',
  function: 'functions',
}

/** The draft of something written in SQL; undefined when it cannot be parsed. */
export function draftSql(compilation: Compilation, source: DraftSource): SqlDraft | undefined {
  const { kind, id, name, fqn, file, patch } = source
  const folders = folderConfigs(compilation.project, configKinds[kind], fqn)
  const base = mergeConfig(folders.own, patch?.config ?? {})
  const asked = new ParseHost(base, () => modelWhileParsing(source, base))
  return collecting(compilation, () => {
    const { asks } = compilation.inputs
    const { library, latent } = compilation
    const isPlain = hasPlainNames(library, source.package)
    const vars = () => compilation.vars(source.package)
    const question = { source, base, isPlain, library, vars }
    const known = asks?.find(question)
    const compile = known === undefined ? compileTemplate : deferTemplate
    const template = compile(file, source.text)
    const render = (each: NodeTemplate) => {
      const names = makeNames(compilation, source, asked, 'sync', asked.macros, true)
      names.own.set('this', new RelationValue(id, { catalog: '', schema: '', name }))
      each.template.renderSync(names.all, unknownNoter(latent, library, source, each))
    }
    const warned = compilation.warnings.length + latent.length
    let reads: unknown
    if (known !== undefined) asked.restore(known.asked)
    else if (!isPlain || !askStatically(template, asked, vars)) {
      asks?.begin()
      const at = kind === 'operation' ? { file } : undefined
      renderUnlessDisabled(asked, () => render({ template, at }))
      reads = asks?.end()
    }
    const own = known?.asked ?? asked.record()
    const isSilent = compilation.warnings.length + latent.length === warned
    for (const call of constraintCalls(source.entry)) {
      render({ template: compileTemplate(file, `{{ ${call} }}`), at: { file }, isForRuns: true })
    }
    const naming = mergeConfig(asked.readConfig(), folders.root)
    const config = withoutNone(naming, mergeConfig(folders.own, folders.root))
    const early = mergeConfig(asked.headerOver(folders.own), folders.root)
    for (const hook of hooksOf(config)) {
      const at = placeOf(source, hook)
      render({ template: compileTemplate(file, hook), at, isForRuns: true })
    }
    compilation.warnings.push(...warnMisspelt(name, file, config))
    const header =
      known?.header ??
      writtenHeader(template, kind === 'model' ? source.text : undefined, asked.header)
    // What a hook says into the header is not the template's.
    const isOwn = isSilent && asked.record().configs.length === own.configs.length
    if (known === undefined && isOwn) asks?.keep(question, { asked: own, header }, reads)
    return {
      ...source,
      template,
      config,
      naming,
      unrenderedConfig: writtenConfig(
        compilation,
        // As in dbt, which forgets the functions of project files here.
        kind === 'function' ? 'models' : configKinds[kind],
        fqn,
        patch,
        header,
      ),
      tags: tagsOf({ tags: [...tagsOf(early), ...tagsOf(config)] }),
      asked,
      isEnabled: config['enabled'] !== false,
      language: 'sql' as const,
    }
  })
}

/** Where a hook stands: in its model's file, when that is where it is written. */
function placeOf({ kind, file, text }: DraftSource, hook: string): Position {
  const offset = kind === 'operation' ? -1 : text.indexOf(hook)
  return offset === -1 ? { file } : placeFinder(file, text)(offset)
}

/** As in dbt: what is set to none is as project files say it. */
function withoutNone(config: Config, folders: Config): Config {
  const isNone = (key: string) => config[key] === null && folders[key] != null
  const keys = Object.keys(config).filter(isNone)
  if (keys.length === 0) return config
  return { ...config, ...Object.fromEntries(keys.map((key) => [key, folders[key]])) }
}

/** `model` before the graph is there. */
function modelWhileParsing(source: DraftSource, config: Config): unknown {
  const { id, name, package: owner, file, path, fqn, kind, patch, text } = source
  const columns = (patch?.columns ?? []).map((column) => [column.name, { ...column }])
  return toTemplateValue({
    unique_id: id,
    name,
    alias: config['alias'] ?? name,
    resource_type: kind,
    package_name: owner,
    original_file_path: file,
    path,
    fqn: [...fqn],
    version: source.version ?? null,
    description: patch?.description ?? '',
    columns: Object.fromEntries(columns),
    tags: tagsOf(config),
    meta: config['meta'] ?? {},
    config,
    raw_code: text,
  })
}

/** The SQL of pre- and post-hooks: they may refer to nodes too. */
function hooksOf(config: Config): string[] {
  const hooks = [...readHooks(config['pre_hook']), ...readHooks(config['post_hook'])]
  return hooks.flatMap(({ sql }) => (sql.includes('{') ? [sql] : []))
}

/**
 * What project files say: the package's own, which schema files and headers may replace, and the root project's of a
 * package's node, which nothing replaces.
 */
export function folderConfigs(
  project: Project,
  kind: ConfigKind,
  fqn: readonly string[],
): { readonly own: Config; readonly root: Config } {
  const root = configOfFolders(project.settings.configs[kind], fqn)
  const settings = project.packages.find(({ name }) => name === fqn[0])
  return settings === undefined
    ? { own: root, root: {} }
    : { own: configOfFolders(settings.configs[kind], fqn), root }
}

/** Configs as written, the later place replacing what the earlier said. */
export function writtenConfig(
  { written: project }: Compilation,
  kind: ConfigKind,
  fqn: readonly string[],
  patch: Pick<Entry, 'unrendered'> | undefined,
  header: Config,
): Config {
  const root = writtenFolders(project.settings.configs[kind], fqn)
  const settings = project.packages.find(({ name }) => name === fqn[0])
  const own = settings === undefined ? root : writtenFolders(settings.configs[kind], fqn)
  const all = { ...own, ...patch?.unrendered, ...header }
  return settings === undefined ? all : { ...all, ...root }
}

/** Everything said of a thing that has no header. */
export function configWithoutHeader(
  project: Project,
  kind: ConfigKind,
  fqn: readonly string[],
  said: Config,
): Config {
  const { own, root } = folderConfigs(project, kind, fqn)
  return mergeConfig(mergeConfig(own, said), root)
}

/** What is wrong with a template that has switched itself off does not matter. */
function renderUnlessDisabled(asked: ParseHost, render: () => void): void {
  try {
    render()
  } catch (error) {
    if (!(error instanceof MillraceError) || asked.readConfig()['enabled'] !== false) throw error
  }
}

/**
 * The names of one rendering of one node: its own, with the macros behind them.
 * @param isLenient a variable without a value is None here, and noted as what will fail
 */
export function makeNames(
  { inputs, library, vars, warnings, project, latent }: Compilation,
  node: NamedNode & { readonly text?: string },
  host: Parameters<typeof namesOfNode>[1],
  mode: 'sync' | 'async',
  called?: Set<string>,
  isLenient = false,
) {
  const warn = (warning: MillraceError) => warnings.push(warning)
  const onMissing: OnMissing = (missing) => noteMissingVariable(latent, library, node, missing)
  const own = namesOfNode(
    node,
    host,
    inputs,
    vars(node.package),
    () => all,
    warn,
    isLenient ? onMissing : undefined,
  )
  // A package's node is told the name of the project that is run, as in dbt.
  own.set('project_name', library.root)
  const ref = own.get('ref')
  if (ref instanceof HostFunction) {
    const config = () => runtimeConfig({ project, inputs }, all.get('invocation_args_dict'))
    own.set('ref', new RefFunction(ref.call, config))
  }
  const all = new NodeNames(own, library, mode, node.package, called)
  return { own, all }
}

/** Runs work; a catalogued problem is listed, and compiling goes on. */
export function collecting<T>(compilation: Compilation, work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    compilation.problems.push(error)
    return undefined
  }
}
