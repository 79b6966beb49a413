/** Templates and what dbt-core 1.12.6 with dbt-duckdb 1.11.1 makes of them, recorded; blanks in a row count as one. */
import { readFileSync } from 'node:fs'

/** What every recorded template may use: a table `r`, a view `s` and three columns. */
const prelude = `{% set r = api.Relation.create(database='lake', schema='main', identifier='t', type='table') %}
{%- set s = api.Relation.create(database='lake', schema='main', identifier='s', type='view') %}
{%- set cols = [api.Column('id', 'INTEGER'), api.Column('name', 'VARCHAR'), api.Column('amount', 'DECIMAL(10,2)')] %}`

/** @param url of a JSON file of pairs */
export function readRecorded(url: URL): readonly (readonly [string, string])[] {
  const pairs: unknown = JSON.parse(readFileSync(url, 'utf8'))
  if (!Array.isArray(pairs)) throw new Error(`${url} holds no list`)
  return pairs.map(([template, text]) => [String(template), String(text)] as const)
}

export function withPrelude(template: string): string {
  return prelude + template
}

export function withOneBlank(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
