/** Lets one holder at a time through, in the order of asking. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>

export function openGate(): Gate {
  let tail: Promise<unknown> = Promise.resolve()
  return async (work) => {
    const before = tail
    let release = () => {}
    tail = new Promise<void>((resolve) => {
      release = resolve
    })
    await before
    try {
      return await work()
    } finally {
      release()
    }
  }
}
