/** Offsets into a text → lines and columns. */
import type { Position } from '../../core/problems.ts'

/** Line and column of offsets, both from 1; the lines are looked for when the first one is asked for. */
export function placeFinder(file: string, text: string): (offset: number) => Position {
  let starts: readonly number[] | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** `models/a.yml:3:5`, as far as it is known. */
export function placeText({ file, line, column }: Position): string {
  return [file, line, column].filter((part) => part !== undefined).join(':')
}
