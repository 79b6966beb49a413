/** Live progress on stderr: a line that rewrites itself on a terminal; in a pipe only what was finished. */

export interface Progress {
  /** Shows what is going on right now; dropped in a pipe. */
  update(text: string): void
  /** Prints a line that stays. */
  line(text: string): void
  /** Takes the live line away. */
  clear(): void
}

/** Longest pause between two repaints that still looks alive, and short enough to cost nothing. */
const repaintMs = 100

/** Opens the progress line of a stream, normally stderr. */
export function openProgress(stream: NodeJS.WriteStream): Progress {
  let paintedAt = 0
  let painted = false
  const clear = () => {
    if (painted) stream.write('\r\x1b[2K')
    painted = false
  }
  return {
    update(text) {
      if (!stream.isTTY || Date.now() - paintedAt < repaintMs) return
      clear()
      stream.write(text.slice(0, (stream.columns || 80) - 1))
      painted = true
      paintedAt = Date.now()
    },
    line(text) {
      clear()
      stream.write(`${text}\n`)
    },
    clear,
  }
}

/** `1234567` → `1,234,567`. */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString('en-US')
}
