/** Templates in the values of packages.yml: `env_var` and `var`, as dbt has them there. */
import { problem } from '../../core/problems.ts'
import { compileTemplate } from '../jinja/template.ts'
import { HostFunction, toTemplateValue, toText } from '../jinja/values.ts'
import type { RenderText } from './read-entry.ts'

export type RenderSources = {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** From `--vars`; those of dbt_project.yml do not count here. */
  readonly vars: Readonly<Record<string, unknown>>
}

/** Renders one value; it throws `model/missing-variable`, `model/unknown-var`, `model/template-failed`. */
export function packageRenderer({ environment, vars }: RenderSources): RenderText {
  const names = new Map([
    [
      'env_var',
      new HostFunction('env_var', ({ positional, named }) => {
        const variable = toText(positional[0])
        const value = environment[variable] ?? positional[1] ?? named.get('default')
        if (value === undefined) throw problem('model/missing-variable', { variable })
        return toText(value)
      }),
    ],
    [
      'var',
      new HostFunction('var', ({ positional, named }) => {
        const name = toText(positional[0])
        if (Object.hasOwn(vars, name)) return toTemplateValue(vars[name])
        const fallback = positional[1] ?? named.get('default')
        if (fallback === undefined) throw problem('model/unknown-var', { name, nearest: undefined })
        return fallback
      }),
    ],
  ])
  return (text) => compileTemplate('packages.yml', text).renderSync(names)
}
