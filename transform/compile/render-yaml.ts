/** Jinja inside the values of YAML files: configs, sources and descriptions, rendered once before compiling; not vars. */
import { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { type Position, problem } from '../../core/problems.ts'
import type { NameSource } from '../jinja/scope.ts'
import { compileTemplate } from '../jinja/template.ts'
import { HostFunction, toText } from '../jinja/values.ts'
import { withPosition } from '../jinja/with-position.ts'
import type { Config, Project, ProjectSettings } from '../project/project.ts'
import { baseNames } from './base-names.ts'
import type { CompileInputs } from './inputs.ts'
import { variablesOf } from './variables.ts'

/** Keys whose Jinja belongs to somebody later: hooks, arguments of tests, what is named by a call, filters of metrics. */
const leftAlone = new Set([
  'pre_hook',
  'post_hook',
  'pre-hook',
  'post-hook',
  '+pre_hook',
  '+post_hook',
  '+pre-hook',
  '+post-hook',
  'at',
  'fileText',
  'unrendered',
  'unrenderedDatabase',
  'unrenderedSchema',
  'arguments',
  'loadedAtField',
  'loadedAtQuery',
  'loaded_at_field',
  'loaded_at_query',
  'relation',
  'model',
  'dependsOn',
  'given',
  'expect',
  'overrides',
  'filter',
  'typeParams',
  'queryParams',
  'measures',
  'dimensions',
  'entities',
])

type Entries = readonly { readonly package: string; readonly at: Position }[]

/** The project with its values rendered; what cannot be is listed among its problems. */
export function renderYamlValues(project: Project, inputs: CompileInputs): Project {
  const problems: MillraceError[] = []
  const docs = renderDocs(project.docs, problems)
  const settingsOf = (settings: ProjectSettings): ProjectSettings => {
    const names = new Map(baseNames(inputs, inputs.vars))
    const walk = (config: Config) =>
      renderInside(config, { names, at: { file: settings.file }, owner: settings.name, problems })
    const configs = Object.entries(settings.configs).map(([kind, config]) => [kind, walk(config)])
    return {
      ...settings,
      // The same kinds with the same values, rendered.
      configs: Object.fromEntries(configs) as ProjectSettings['configs'],
    }
  }
  const settings = settingsOf(project.settings)
  const packages = project.packages.map(settingsOf)
  const known = new Map<string, NameSource>()
  const namesOf = (owner: string): NameSource => {
    const found = known.get(owner)
    if (found !== undefined) return found
    const own = packages.find(({ name }) => name === owner)
    const names = new Map(baseNames(inputs, variablesOf(owner, settings, own, inputs)))
    names.set('doc', docFunction(docs, owner))
    known.set(owner, names)
    return names
  }
  const entries = <T extends Entries>(list: T): T => {
    const rendered = list.map((entry) => {
      const { package: owner, at } = entry
      return renderInside(entry, { names: namesOf(owner), at, owner, problems })
    })
    // Rendering changes texts and keeps shapes.
    return rendered as unknown as T
  }
  return {
    ...project,
    settings,
    packages,
    docs,
    properties: entries(project.properties),
    snapshotProperties: entries(project.snapshotProperties),
    analysisProperties: entries(project.analysisProperties),
    functionProperties: entries(project.functionProperties),
    testProperties: entries(project.testProperties),
    macroProperties: entries(project.macroProperties),
    sources: entries(project.sources),
    groups: entries(project.groups),
    exposures: entries(project.exposures),
    unitTests: entries(project.unitTests),
    metrics: entries(project.metrics),
    semanticModels: entries(project.semanticModels),
    savedQueries: entries(project.savedQueries),
    problems: [...project.problems, ...problems],
  }
}

/** Docs blocks are templates without names: raw parts and comments go, and an unknown name prints nothing. */
function renderDocs(docs: Project['docs'], problems: MillraceError[]): Project['docs'] {
  return docs.map((block) => {
    const { file, text } = block
    if (!/\{[{%#]/.test(text)) return { ...block, text: text.trim() }
    try {
      return { ...block, text: compileTemplate(file, text).renderSync(new Map()).trim() }
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      // A line of the block is none of the file.
      problems.push(withPosition(error, { file }))
      return block
    }
  })
}

type Rendering = {
  readonly names: NameSource
  readonly at: Position
  readonly owner: string
  readonly problems: MillraceError[]
}

/** The value itself when nothing in it is a template, so that most projects are not copied at all. */
function renderInside<T>(value: T, rendering: Rendering): T {
  // Rendering changes texts and keeps shapes.
  return walk(value, rendering) as T
}

function walk(value: unknown, rendering: Rendering): unknown {
  if (typeof value === 'string') return rendered(value, rendering)
  if (Array.isArray(value)) {
    const parts = value.map((part) => walk(part, rendering))
    return parts.some((part, at) => part !== value[at]) ? parts : value
  }
  if (typeof value !== 'object' || value === null) return value
  let copy: Record<string, unknown> | undefined
  for (const [key, part] of Object.entries(value)) {
    if (part === null || part === undefined) continue
    // The arguments of a test are its own; those of a macro are a list with descriptions.
    if (leftAlone.has(key) && !(key === 'arguments' && Array.isArray(part))) continue
    const after = key === 'description' ? String(walk(part, rendering)) : walk(part, rendering)
    if (after === part) continue
    copy ??= { ...value }
    copy[key] = after
    if (key === 'description') copy['docBlocks'] = docBlocksIn(String(part), rendering.owner)
  }
  return copy ?? value
}

/** Ids of the docs blocks that a description names; the file a block stands in decides in the end, the name here. */
function docBlocksIn(description: string, owner: string): string[] {
  const calls = description.matchAll(/\bdoc\(\s*['"](\w+)['"](?:\s*,\s*['"](\w+)['"])?\s*\)/g)
  return [...calls].map(([, first = '', second]) =>
    second === undefined ? `doc.${owner}.${first}` : `doc.${first}.${second}`,
  )
}

/** Text without Jinja stays as it is; a rendered `true` or `3` is what YAML would have made of it. */
function rendered(text: string, { names, at, problems }: Rendering): unknown {
  if (!text.includes('{{') && !text.includes('{%')) return text
  try {
    const result = compileTemplate(at.file, text).renderSync(names)
    if (/^(true|false)$/i.test(result)) return result.toLowerCase() === 'true'
    if (result === 'None') return null
    return /^-?(0|[1-9]\d{0,14})$/.test(result) ? Number(result) : result
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    // The place inside the value says little; the one of the entry in the file can be opened.
    problems.push(withPosition(error, at))
    return text
  }
}

/** `doc('name')` or `doc('package', 'name')`. */
function docFunction(docs: Project['docs'], owner: string): HostFunction {
  return new HostFunction('doc', ({ positional }) => {
    const [first = '', second] = positional.map(toText)
    const name = second ?? first
    const named = docs.filter((block) => block.name === name)
    const found =
      second === undefined
        ? (named.find((block) => block.package === owner) ?? named[0])
        : named.find((block) => block.package === first)
    if (found !== undefined) return found.text
    const near = nearest(
      name,
      docs.map((block) => block.name),
    )
    throw problem('model/unknown-doc', { name, nearest: near })
  })
}
