/** The difference of two tables as text, in the form in which dbt prints it: `@@`, `---`, `+++`, `→`, `...`. */
import { type Aligned, alignRows, type Cell, type Pair, type TextRow } from './align-rows.ts'

/** Lines longer than this are not padded. */
const maxWidth = 130

/**
 * @param columns names, the same of both tables
 * @param expected rows in a fixed order, so that a difference is the same every time
 * @returns undefined when the tables hold the same rows, however often each
 */
export function tableDiff(
  columns: readonly string[],
  expected: readonly TextRow[],
  actual: readonly TextRow[],
): string | undefined {
  const aligned = alignRows(columns.length, expected, actual)
  const rows = aligned.pairs.map((pair) => compareRow(pair, columns, expected, actual))
  if (rows.every(({ mark }) => mark === '')) return undefined
  const shownRows = spread([false, ...rows.map(({ mark }) => mark !== '')])
  const shownColumns = columnsToShow(columns.length, aligned, rows)
  const lines = [['@@', ...columns], ...rows.map(({ mark, cells }) => [mark, ...cells])]
  return render(elide(lines, shownRows, shownColumns))
}

type Mark = '' | '+++' | '---' | '→'

type ComparedRow = {
  readonly mark: Mark
  readonly cells: readonly string[]
  readonly changed: readonly number[]
}

function compareRow(
  { left, right }: Pair,
  columns: readonly string[],
  expected: readonly TextRow[],
  actual: readonly TextRow[],
): ComparedRow {
  const before = left === undefined ? undefined : expected[left]
  const after = right === undefined ? undefined : actual[right]
  const all = [...columns.keys()]
  if (before === undefined || after === undefined) {
    const cells = (before ?? after ?? []).map((cell) => cell ?? 'null')
    return before === undefined
      ? { mark: '+++', cells, changed: all }
      : { mark: '---', cells, changed: [] }
  }
  const changed = all.filter((at) => equalText(before[at]) !== equalText(after[at]))
  const cells = all.map((at) =>
    changed.includes(at)
      ? `${changedText(before[at])}→${changedText(after[at])}`
      : (before[at] ?? 'NULL'),
  )
  return { mark: changed.length === 0 ? '' : '→', cells, changed }
}

/** As Python says it. */
function equalText(cell: Cell | undefined): string {
  return cell ?? 'None'
}

/** NULL is told from a text that says so. */
function changedText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined || cell === 'None') return 'NULL'
  return /^_*NULL$/.test(cell) ? `_${cell}` : cell
}

type Shown = 'yes' | 'dots' | 'no'

/** What is marked is shown with its neighbours, and dots stand for what lies beyond. */
function spread(marked: readonly boolean[]): Shown[] {
  const near = (at: number, distance: number) => marked[at - distance] || marked[at + distance]
  return marked.map((isMarked, at) => {
    if (isMarked || near(at, 1)) return 'yes'
    return near(at, 2) ? 'dots' : 'no'
  })
}

function columnsToShow(
  width: number,
  { keys }: Aligned,
  rows: readonly ComparedRow[],
): readonly Shown[] {
  const changed = new Set([...keys, ...rows.flatMap((row) => row.changed)])
  const marked = Array.from({ length: width }, (_, column) => changed.has(column))
  return spread(marked).map((shown) => (shown === 'yes' ? 'yes' : 'no'))
}

/** @param lines header first; the first cell of each is its mark. @param rows of the header too, which is shown */
function elide(
  lines: readonly (readonly string[])[],
  rows: readonly Shown[],
  columns: readonly Shown[],
): string[][] {
  const kept = columns.flatMap((shown, at) =>
    // One column of dots for all that stand side by side.
    shown === 'yes' || columns[at - 1] !== 'no' ? [{ at: at + 1, isShown: shown === 'yes' }] : [],
  )
  const table: string[][] = []
  let hasDots = false
  for (const [at, line] of lines.entries()) {
    const shown = at === 0 ? 'yes' : rows[at]
    if (shown === 'no' || (shown === 'dots' && hasDots)) continue
    hasDots = shown === 'dots'
    table.push(
      hasDots
        ? ['...', ...kept.map(() => '...')]
        : [
            line[0] ?? '',
            ...kept.map((column) => (column.isShown ? (line[column.at] ?? '') : '...')),
          ],
    )
  }
  return table
}

function render(table: readonly (readonly string[])[]): string {
  const quoted = table.map((line) => line.map(quoteCell))
  const sizes = columnSizes(quoted)
  return quoted.map((line) => `${renderLine(line, sizes)}\r\n`).join('')
}

function renderLine(line: readonly string[], sizes: readonly number[] | undefined): string {
  let text = ''
  let at = 0
  let target = 0
  for (const [column, cell] of line.entries()) {
    if (sizes !== undefined) {
      const spaces = Math.max(0, target - at)
      text += ' '.repeat(spaces)
      at += spaces
    }
    text += column > 0 ? `,${cell}` : cell
    at += cell.length
    target += sizes?.[column] ?? 0
  }
  return text
}

/** Wide enough for the header and for all cells but the few that are far longer than the others. */
function columnSizes(table: readonly (readonly string[])[]): number[] | undefined {
  const [header = []] = table
  const sizes = header.map((name, column) => {
    const lengths = table.map((line) => line[column]?.length ?? 0)
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
    const squares = lengths.reduce((sum, length) => sum + length * length, 0) / lengths.length
    const usual = Math.floor(mean + Math.sqrt(Math.max(0, squares - mean * mean)) * 2 + 0.5)
    return Math.max(name.length, ...lengths.filter((length) => length <= usual))
  })
  const total = sizes.reduce((sum, size) => sum + size, 0) + sizes.length - 1
  return total > maxWidth ? undefined : sizes
}

function quoteCell(text: string): string {
  const isPlain = !/[",\r\n\t]/.test(text) && !/^ | $/.test(text)
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`
}
