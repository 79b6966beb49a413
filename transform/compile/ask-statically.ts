/** What a plain template asks for, taken from its tree: most models need no rendering to be parsed. */
import { type StaticCall, staticCalls } from '../jinja/static-calls.ts'
import type { Template } from '../jinja/template.ts'
import { toPlainValue, toText } from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import { isTemplateText } from './base-names.ts'
import { isIncrementalId, type MacroLibrary } from './macros.ts'
import type { ParseHost } from './parse-host.ts'

/**
 * Notes the calls of a plain template.
 * @param vars the project's variables; one that is a template may name nodes itself
 * @returns false when the template has to be rendered to be known; nothing is noted then
 */
export function askStatically(template: Template, asked: ParseHost, vars: () => Config): boolean {
  const calls = staticCalls(template.body)
  if (calls?.some((call) => readsTemplate(call, vars))) return false
  for (const call of calls === undefined ? [] : withoutRepeated(calls)) note(asked, call)
  return calls !== undefined
}

function readsTemplate({ name, args }: StaticCall, vars: () => Config): boolean {
  return name === 'var' && isTemplateText(vars()[toText(args.positional[0])])
}

/** Without the second call of a source: dbt, reading a plain template, keeps a list of refs and a set of sources. */
function withoutRepeated(calls: readonly StaticCall[]): readonly StaticCall[] {
  const seen = new Set<string>()
  return calls.filter(({ name, args }) => {
    if (name !== 'source') return true
    const key = args.positional.map(toText).join('.')
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
}

function note(asked: ParseHost, { name, args }: StaticCall): void {
  const { positional, named } = args
  switch (name) {
    case 'ref': {
      const version = named.get('version') ?? named.get('v') ?? undefined
      asked.ref(positional.map(toText), version === undefined ? undefined : toText(version))
      return
    }
    case 'source':
      asked.source(toText(positional[0]), toText(positional[1]))
      return
    case 'config': {
      const said = toPlainValue(new Map(named))
      if (isConfig(said)) asked.config(said)
      return
    }
    case 'var':
      return
    case 'is_incremental':
      asked.macros.add(isIncrementalId)
      return
    default:
      name satisfies never
  }
}

function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const plainNames = ['ref', 'source', 'config', 'var', 'is_incremental', 'this']

/** Whether these names mean dbt's own in a package: no macro of it or of the root project has one of them. */
export function hasPlainNames({ packages, root }: MacroLibrary, owner: string): boolean {
  return [owner, root].every((each) => {
    const macros = packages.get(each)
    return macros === undefined || !plainNames.some((name) => macros.has(name))
  })
}
