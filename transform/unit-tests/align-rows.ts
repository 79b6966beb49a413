/**
 * Pairs the rows of two tables that should be the same, in whatever order their rows stand: rows that agree in a
 * few columns that tell rows apart, then in more columns, then neighbours of pairs that agree in all of them. As in
 * daff, whose tables dbt prints, so that a difference looks the same.
 */

/** Null is NULL. */
export type Cell = string | null
export type TextRow = readonly Cell[]

export type Aligned = {
  /** Rows of both, in the order of a difference: positions, undefined where there is none. */
  readonly pairs: readonly Pair[]
  /** Columns by which rows were paired. */
  readonly keys: ReadonlySet<number>
}

export type Pair = { readonly left: number | undefined; readonly right: number | undefined }

/** Columns that are tried as keys at most; all their combinations are. */
const maxKeys = 5

export function alignRows(
  width: number,
  lefts: readonly TextRow[],
  rights: readonly TextRow[],
): Aligned {
  const columns = telltaleColumns(width, lefts, rights)
  const links = new Links()
  const keys = new Set<number>()
  const combinations = 2 ** columns.length
  const most = Math.max(lefts.length, rights.length) + 1
  let hasIndex = false
  let isComplete = false
  for (let mask = 1; mask < combinations && (mask === 1 || links.size < lefts.length); mask++) {
    const chosen = columns.filter((_, bit) => (mask >> bit) % 2 === 1)
    for (const column of chosen) keys.add(column)
    const index = indexRows(chosen, lefts, rights)
    const isLast = mask === combinations - 1
    isComplete ||= isLast
    // Columns in which many rows agree tell little.
    if (index.topCount / (most + 20) >= 0.1 && (hasIndex || !isLast)) continue
    hasIndex = true
    linkUnique(index, links)
  }
  if (isComplete) linkNeighbours(columns, lefts, rights, links)
  return { pairs: orderPairs(lefts.length, rights.length, links), keys }
}

class Links {
  readonly toRight = new Map<number, number>()
  readonly toLeft = new Map<number, number>()

  add(left: number, right: number): void {
    this.toRight.set(left, right)
    this.toLeft.set(right, left)
  }

  get size(): number {
    return this.toRight.size
  }
}

/** The columns with the most different values. */
function telltaleColumns(
  width: number,
  lefts: readonly TextRow[],
  rights: readonly TextRow[],
): number[] {
  const all = Array.from({ length: width }, (_, column) => column)
  if (width <= maxKeys) return all
  const distinct = (rows: readonly TextRow[], column: number) =>
    new Set(rows.map((row) => row[column] ?? '')).size
  const counts = all.map((column) => distinct(lefts, column) + distinct(rights, column))
  return all
    .sort((one, other) => (counts[other] ?? 0) - (counts[one] ?? 0) || one - other)
    .slice(0, maxKeys)
}

type RowIndex = {
  readonly lefts: ReadonlyMap<string, readonly number[]>
  readonly rights: ReadonlyMap<string, readonly number[]>
  /** Rows of one key, at most. */
  readonly topCount: number
}

function indexRows(
  columns: readonly number[],
  lefts: readonly TextRow[],
  rights: readonly TextRow[],
): RowIndex {
  const group = (rows: readonly TextRow[]) =>
    Map.groupBy(rows.keys(), (at) => keyOf(rows[at] ?? [], columns))
  const both = { lefts: group(lefts), rights: group(rights) }
  const counts = [...both.lefts.values(), ...both.rights.values()].map(({ length }) => length)
  return { ...both, topCount: Math.max(1, ...counts) }
}

function keyOf(row: TextRow, columns: readonly number[]): string {
  return columns
    .map((column) => row[column] ?? '')
    .map((text) => (text === 'null' || text === 'undefined' ? '' : text))
    .join(' // ')
}

/** Links rows whose key both tables have once. */
function linkUnique({ lefts, rights }: RowIndex, links: Links): void {
  for (const [key, [left, ...more]] of lefts) {
    const [right, ...others] = rights.get(key) ?? []
    if (key === '' || left === undefined || right === undefined) continue
    if (more.length > 0 || others.length > 0) continue
    if (!links.toRight.has(left) && !links.toLeft.has(right)) links.add(left, right)
  }
}

/** Rows that stand more than once: each beside the pair before it, then beside the pair after it; from both sides. */
function linkNeighbours(
  columns: readonly number[],
  lefts: readonly TextRow[],
  rights: readonly TextRow[],
  links: Links,
): void {
  const keysOf = (rows: readonly TextRow[]) => rows.map((row) => keyOf(row, columns))
  const [left, right] = [keysOf(lefts), keysOf(rights)]
  for (const step of [1, -1]) follow(left, right, links.toRight, links.toLeft, step)
  for (const step of [1, -1]) follow(right, left, links.toLeft, links.toRight, step)
}

/** Goes along one side and links what stands at the same distance from the last pair on the other. */
function follow(
  ones: readonly string[],
  others: readonly string[],
  forth: Map<number, number>,
  back: Map<number, number>,
  step: number,
): void {
  // Before the first rows stand the headers, which are a pair.
  let other = step === 1 ? 0 : others.length - 1
  for (let nth = 0; nth < ones.length && other >= 0 && other < others.length; nth++) {
    const one = step === 1 ? nth : ones.length - 1 - nth
    const known = forth.get(one)
    if (known !== undefined) other = known + step
    else if (ones[one] === others[other] && !back.has(other)) {
      forth.set(one, other)
      back.set(other, one)
      other += step
    }
  }
}

/** Rows of the right side in their order, those that only the left has before the pair that follows them there. */
function orderPairs(leftCount: number, rightCount: number, links: Links): Pair[] {
  const pairs: Pair[] = []
  const lonely = Array.from({ length: leftCount }, (_, left) => left).filter(
    (left) => !links.toRight.has(left),
  )
  for (let right = 0; right < rightCount; right++) {
    const left = links.toLeft.get(right)
    while (left !== undefined && lonely[0] !== undefined && lonely[0] < left) {
      pairs.push({ left: lonely.shift(), right: undefined })
    }
    pairs.push({ left, right })
  }
  return [...pairs, ...lonely.map((left) => ({ left, right: undefined }))]
}
