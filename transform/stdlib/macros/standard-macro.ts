/** How the macros of dbt's own packages are written down here. */

/** `dbt` holds what every engine has, `dbt_duckdb` what DuckDB does its own way. */
export type StandardPackage = 'dbt' | 'dbt_duckdb'

export type StandardMacro = {
  /** As templates call it; a generic test `x` is `test_x`. */
  readonly name: string
  readonly package: StandardPackage
  readonly text: string
}

const definition = /\{% (macro|test) (\w+)[\s\S]*?\{%-? end\1 %\}/g

/** The macros of a text, each by itself, so that one is parsed when it is called and no sooner. */
export function macrosOf(owner: StandardPackage, text: string): StandardMacro[] {
  return [...text.matchAll(definition)].map(([whole, tag, name]) => ({
    name: tag === 'test' ? `test_${name}` : String(name),
    package: owner,
    text: whole,
  }))
}

/**
 * Macros that do nothing but look for the form that fits: `hash(field)` calls `duckdb__hash` or `default__hash`.
 * @param signatures names with their parameters; no default may hold a comma
 */
export function dispatching(...signatures: readonly string[]): string {
  return signatures
    .map((signature) => {
      const [, name = '', parameters = ''] = /^(\w+)\((.*)\)$/.exec(signature) ?? []
      const values = parameters.replaceAll(/\s*=\s*[^,]+/g, '')
      return `{% macro ${signature} %}{{ return(adapter.dispatch('${name}', 'dbt')(${values})) }}{% endmacro %}`
    })
    .join('\n')
}
