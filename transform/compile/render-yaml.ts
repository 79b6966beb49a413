/** Jinja inside the values of YAML files: configs, vars, sources and descriptions, rendered once before compiling. */
import { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { type Position, problem } from '../../core/problems.ts'
import type { NameSource } from '../jinja/scope.ts'
import { compileTemplate } from '../jinja/template.ts'
import { HostFunction, toText } from '../jinja/values.ts'
import { withPosition } from '../jinja/with-position.ts'
import type {
  Column,
  Config,
  Project,
  ProjectSettings,
  TestDeclaration,
} from '../project/project.ts'
import { baseNames } from './base-names.ts'
import type { CompileInputs } from './inputs.ts'
import { variablesOf } from './variables.ts'

/** Keys whose Jinja is rendered when the node runs. */
const renderedLater = /^\+?(pre|post)[-_]hook$/

/** The project with its values rendered; what cannot be is listed among its problems. */
export function renderYamlValues(project: Project, inputs: CompileInputs): Project {
  const problems: MillraceError[] = []
  const value = (names: NameSource, at: Position) => {
    const walk = (inner: unknown): unknown => {
      if (typeof inner === 'string') return rendered(inner, names, at, problems)
      if (Array.isArray(inner)) return inner.map(walk)
      if (typeof inner !== 'object' || inner === null) return inner
      const entries = Object.entries(inner).map(([key, part]) => [
        key,
        renderedLater.test(key) ? part : walk(part),
      ])
      return Object.fromEntries(entries)
    }
    return walk
  }
  const settingsOf = (settings: ProjectSettings): ProjectSettings => {
    const names = new Map(baseNames(inputs, inputs.vars))
    const walk = (config: Config) => plain(value(names, { file: settings.file })(config))
    const { models, seeds, tests } = settings.configs
    return {
      ...settings,
      vars: walk(settings.vars),
      configs: { ...settings.configs, models: walk(models), seeds: walk(seeds), tests: walk(tests) },
    }
  }
  const settings = settingsOf(project.settings)
  const packages = project.packages.map(settingsOf)
  const namesOf = (owner: string) => {
    const own = packages.find(({ name }) => name === owner)
    const names = new Map(baseNames(inputs, variablesOf(owner, settings, own, inputs)))
    return names.set('doc', docFunction(project.docs, owner))
  }
  const known = new Map<string, NameSource>()
  const toolsFor = (owner: string, at: Position) => {
    const names = known.get(owner) ?? namesOf(owner)
    known.set(owner, names)
    const walk = value(names, at)
    return {
      config: (config: Config) => plain(walk(config)),
      text: (text: string) => String(walk(text)),
      column: (column: Column): Column => ({
        ...column,
        description: String(walk(column.description)),
      }),
      test: (test: TestDeclaration): TestDeclaration => ({
        ...test,
        config: plain(walk(test.config)),
      }),
    }
  }
  const properties = project.properties.map((entry) => {
    const tools = toolsFor(entry.package, entry.at)
    return {
      ...entry,
      description: tools.text(entry.description),
      config: tools.config(entry.config),
      columns: entry.columns.map(tools.column),
      tests: entry.tests.map(tools.test),
      versions: entry.versions.map((version) => ({
        ...version,
        description: tools.text(version.description),
        config: tools.config(version.config),
        columns: version.columns.map(tools.column),
        tests: version.tests.map(tools.test),
      })),
    }
  })
  const sources = project.sources.map((table) => {
    const tools = toolsFor(table.package, table.at)
    return {
      ...table,
      database: table.database === undefined ? undefined : tools.text(table.database),
      schema: tools.text(table.schema),
      identifier: tools.text(table.identifier),
      description: tools.text(table.description),
      config: tools.config(table.config),
      columns: table.columns.map(tools.column),
      tests: table.tests.map(tools.test),
    }
  })
  return {
    ...project,
    settings,
    packages,
    properties,
    sources,
    problems: [...project.problems, ...problems],
  }
}

function plain(value: unknown): Config {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Text without Jinja stays as it is; a rendered `true` or `3` is what YAML would have made of it. */
function rendered(
  text: string,
  names: NameSource,
  at: Position,
  problems: MillraceError[],
): unknown {
  if (!text.includes('{{') && !text.includes('{%')) return text
  try {
    const result = compileTemplate(at.file, text).renderSync(names)
    if (/^(true|false)$/i.test(result)) return result.toLowerCase() === 'true'
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
