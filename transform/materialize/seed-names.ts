/** Names for the columns of a seed, as agate gives them to dbt. */

/**
 * @param header the values of a file's first line, undefined where it has none
 * @returns the same names; one that was there before, in whatever case, gets `_2`, `_3` …, and one that is missing its
 * letter of the alphabet
 */
export function seedColumnNames(header: readonly (string | undefined)[]): string[] {
  const taken = new Set<string>()
  return header.map((said, index) => {
    const name = said ?? letterName(index)
    let free = name
    // Names of a table differ by more than their case.
    for (let count = 2; taken.has(free.toLowerCase()); count++) free = `${name}_${count}`
    taken.add(free.toLowerCase())
    return free
  })
}

/** `a` to `z`, `aa`, `bb` … */
function letterName(index: number): string {
  return String.fromCharCode(97 + (index % 26)).repeat(Math.floor(index / 26) + 1)
}

/** Whether DuckDB may have made a name of a column itself, which it does its own way. */
export function isPerhapsMade(name: string): boolean {
  return /_\d+$|^column\d+$/.test(name)
}
