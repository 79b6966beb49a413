/**
 * What rendering needs of a compiled project beside its graph, as plain data: kept from one parse to the next, so that
 * a run of a project that has not changed reads none of its files.
 */
import { deferTemplate } from '../jinja/template.ts'
import type { Config, Project, ProjectSettings } from '../project/project.ts'
import { withProjectFlags } from '../stdlib/flags.ts'
import type { GenericDraft } from './draft-tests.ts'
import type { Compilation, SqlDraft } from './drafts.ts'
import type { Graph, Relation } from './graph.ts'
import { NameIndex, type Names } from './index-names.ts'
import type { CompileInputs } from './inputs.ts'
import { readSearchOrders } from './macros.ts'
import { ParseHost } from './parse-host.ts'
import { Renderer } from './render.ts'
import { restoreMacros, type StoredMacroFiles, storedMacroFiles } from './stored-macros.ts'
import { variablesOf } from './variables.ts'

type Draft = SqlDraft | GenericDraft
/** Without what only parsing asks for. */
type StoredDraft =
  | Omit<SqlDraft, 'template' | 'asked' | 'patch' | 'entry' | 'unrenderedConfig'>
  | Omit<GenericDraft, 'asked' | 'unrenderedConfig'>

export type StoredRenderer = {
  readonly settings: ProjectSettings
  readonly packages: readonly ProjectSettings[]
  readonly macros: StoredMacroFiles
  readonly names: Names
  readonly drafts: readonly StoredDraft[]
  readonly relations: ReadonlyMap<string, Relation>
}

type Parts = {
  readonly compilation: Compilation
  readonly names: Names
  readonly drafts: ReadonlyMap<string, Draft>
  readonly relations: ReadonlyMap<string, Relation>
}

export function storedRenderer({ compilation, names, drafts, relations }: Parts): StoredRenderer {
  const { project, library } = compilation
  return {
    settings: project.settings,
    packages: project.packages,
    macros: storedMacroFiles(library),
    names,
    drafts: [...drafts.values()].map(withoutParse),
    relations,
  }
}

function withoutParse(draft: Draft): StoredDraft {
  if ('declaration' in draft) {
    const { asked: _, unrenderedConfig: __, ...rest } = draft
    return rest
  }
  const {
    template: _,
    asked: __,
    patch: ___,
    entry: ____,
    unrenderedConfig: _____,
    ...rest
  } = draft
  return rest
}

/**
 * The renderer of a project that was parsed before.
 * @param texts of nodes that were edited since, by id
 */
export function restoreRenderer(
  { settings, packages, macros, names, drafts, relations }: StoredRenderer,
  graph: Graph,
  inputs: CompileInputs,
  texts: ReadonlyMap<string, string>,
): Renderer {
  // Rendering asks for no more of it.
  const project = { root: graph.root, settings, packages } as unknown as Project
  const compilation: Compilation = {
    project,
    written: project,
    inputs: { ...inputs, flags: withProjectFlags(settings.flags, inputs.flags ?? {}) },
    library: restoreMacros(settings.name, macros, readSearchOrders(settings.dispatch)),
    vars: variablesBy(settings, packages, inputs),
    properties: new Map(),
    problems: [],
    warnings: [],
    latent: [],
  }
  const restored = drafts.map((draft) => [draft.id, restoreDraft(draft, texts)] as const)
  const index = new NameIndex(settings.name, names)
  return new Renderer({ compilation, index, drafts: new Map(restored), relations, graph })
}

/** Nobody asks it anything: it stands where parsing keeps what a template asked for. */
const silent = new ParseHost({})

function restoreDraft(draft: StoredDraft, texts: ReadonlyMap<string, string>): Draft {
  const parsed = { asked: silent, unrenderedConfig: {} }
  if ('declaration' in draft) return { ...draft, ...parsed }
  const text = texts.get(draft.id) ?? draft.text
  const template = deferTemplate(draft.file, text)
  return { ...draft, ...parsed, text, template, patch: undefined }
}

/** Variables as each package sees them. Rendering a node asks each time, and merging costs more than the look-up. */
export function variablesBy(
  settings: ProjectSettings,
  packages: readonly ProjectSettings[],
  inputs: CompileInputs,
): (owner: string) => Config {
  const byName = new Map(packages.map((each) => [each.name, each]))
  const known = new Map<string, Config>()
  return (owner) => {
    const found = known.get(owner) ?? variablesOf(owner, settings, byName.get(owner), inputs)
    known.set(owner, found)
    return found
  }
}
