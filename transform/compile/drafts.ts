/** Nodes on the way to the graph: parsed, their configs merged, their refs not yet looked up. */
import { MillraceError } from '../../core/errors.ts'
import { compileTemplate, type Template } from '../jinja/template.ts'
import type { Config, Project, ProjectSettings, Properties, SqlFile } from '../project/project.ts'
import type { CompileInputs } from './inputs.ts'
import { warnMisspelt } from './known-configs.ts'
import { type MacroLibrary, NodeNames } from './macros.ts'
import { type NamedNode, namesOfNode } from './node-names.ts'
import { ParseHost } from './parse-host.ts'
import { RelationValue } from './relation-value.ts'
import { configOfFolders, mergeConfig } from './resolve-config.ts'
import type { VersionedFile } from './versions.ts'

/** What every step of compiling needs. */
export type Compilation = {
  readonly project: Project
  readonly inputs: CompileInputs
  readonly library: MacroLibrary
  /** Variables as each package sees them. */
  readonly vars: (owner: string) => Config
  /** What schema files say, by `kind.package.name`. */
  readonly properties: ReadonlyMap<string, Properties>
  readonly problems: MillraceError[]
  readonly warnings: MillraceError[]
}

export type SqlDraft = NamedNode & {
  readonly kind: 'model' | 'test'
  /** What a ref without a version means. */
  readonly isLatest: boolean
  readonly source: SqlFile
  readonly template: Template
  readonly properties: Properties | undefined
  readonly config: Config
  readonly asked: ParseHost
}

/** The draft of a model or singular test; undefined when it cannot be parsed or is switched off. */
export function draftSql(
  compilation: Compilation,
  kind: SqlDraft['kind'],
  source: SqlFile,
  properties: Properties | undefined,
  versioned?: VersionedFile,
): SqlDraft | undefined {
  const { model: name, version } = versioned ?? { model: source.name, version: undefined }
  const path = [name, ...(version === undefined ? [] : [`v${version}`])]
  const fqn = [source.package, ...source.folders, ...path]
  const id = [kind, source.package, ...path].join('.')
  const folders = folderConfig(compilation, kind === 'model' ? 'models' : 'tests', fqn)
  const base = mergeConfig(folders, properties?.config ?? {})
  const asked = new ParseHost(base)
  const named = { name, version, id, file: source.file, fqn, package: source.package, kind }
  return collecting(compilation, () => {
    const template = compileTemplate(source.file, source.text)
    const names = makeNames(compilation, named, asked, 'sync')
    names.own.set('this', new RelationValue(id, { catalog: '', schema: '', name: source.name }))
    template.renderSync(names.all)
    const config = asked.readConfig()
    if (config['enabled'] === false) return undefined
    compilation.warnings.push(...warnMisspelt(source.name, source.file, config))
    const isLatest = versioned?.isLatest ?? true
    return { ...named, isLatest, source, template, properties, config, asked }
  })
}

/** What the project files say: the root project's wins over that of the node's own package. */
export function folderConfig(
  { project }: Compilation,
  kind: keyof ProjectSettings['configs'],
  fqn: readonly string[],
): Config {
  const own = project.packages.find(({ name }) => name === fqn[0])
  const root = configOfFolders(project.settings.configs[kind], fqn)
  return own === undefined ? root : mergeConfig(configOfFolders(own.configs[kind], fqn), root)
}

/** The names of one rendering of one node: its own, with the macros behind them. */
export function makeNames(
  { inputs, library, vars, warnings }: Compilation,
  node: NamedNode,
  host: Parameters<typeof namesOfNode>[1],
  mode: 'sync' | 'async',
) {
  const warn = (warning: MillraceError) => warnings.push(warning)
  const own = namesOfNode(node, host, inputs, vars(node.package), () => all, warn)
  const all = new NodeNames(own, library, mode, node.package)
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
