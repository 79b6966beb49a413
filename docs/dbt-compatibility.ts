/** Writes docs/reference/dbt-compatibility.md from the feature table that the conformance tests enforce. */
import { readFileSync, writeFileSync } from 'node:fs'
import { type KnownDifference, knownDifferences } from '../tests/conformance/differences.ts'
import { type Feature, features } from '../tests/conformance/features.ts'
import { readFixtures } from '../tests/conformance/fixtures.ts'
import { rowDifferences } from '../tests/conformance/row-differences.ts'

const file = new URL('./reference/dbt-compatibility.md', import.meta.url)

/** The page as Markdown. */
export function renderDbtCompatibility(): string {
  const areas = Map.groupBy(features, ({ area }) => area)
  const shows = readFixtures().map(({ name, shows }) => `| \`${name}\` | ${cell(shows)} |`)
  return `# What is the same as in dbt

Generated from \`tests/conformance/features.ts\` by \`make docs\`; do not edit.

The measure is dbt v1: dbt-core 1.12.6 with dbt-duckdb 1.11.1. \`make conformance\` lets it compile the
projects of \`tests/conformance/projects/\` and records its manifest, its compiled SQL and its answers to
\`ls\`; every ordinary test run compares ours with the recordings, field by field. A row that says **yes** has
projects in which nothing differs; **partly** names what does. Not compared are times, absolute paths, which of
dbt's own macros a node calls (ours are others), and whether a field without a value is null or empty.

${[...areas].map(([area, rows]) => section(area, rows)).join('\n')}
## Differences

| name | what and why | in |
|---|---|---|
${knownDifferences.map(difference).join('\n')}

## What is built

\`make conformance\` also lets dbt build each of these projects on a DuckDB file, a second time where something is
incremental or a snapshot, after the rows of its sources have changed. Recorded are its exit code, the status and the
failures of every node, and of every relation its columns, their types, the number of its rows and a hash of them;
\`tests/integration/conformance/rows.test.ts\` builds the same and compares. Not compared is what the clock gave. All
is equal but for this:

| name | what and why | in |
|---|---|---|
${rowDifferences.map(difference).join('\n')}

## The projects that are compared

| project | shows |
|---|---|
${shows.join('\n')}
`
}

function section(area: string, rows: readonly Feature[]): string {
  return `## ${area}

| feature | same | remark | shown by |
|---|---|---|---|
${rows.map(row).join('\n')}
`
}

function row({ feature, state, remark, fixtures = [], differences = [], tests = [] }: Feature) {
  const differing = differences.length === 0 ? '' : `Differs: ${differences.join(', ')}.`
  const remarks = [remark ?? '', differing].filter(Boolean).join(' ')
  return `| ${cell(feature)} | ${state} | ${cell(remarks)} | ${names([...fixtures, ...tests])} |`
}

function difference({ id, fixtures, reason }: KnownDifference): string {
  return `| ${id} | ${cell(reason)} | ${fixtures ? names(fixtures) : 'any'} |`
}

function names(all: readonly string[]): string {
  return all.map((name) => `\`${name}\``).join(' ')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** Whether the checked-in page is what the table gives. */
export function isDbtCompatibilityCurrent(): boolean {
  return readFileSync(file, 'utf8') === renderDbtCompatibility()
}

if (import.meta.main) writeFileSync(file, renderDbtCompatibility())
