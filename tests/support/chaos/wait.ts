/** Waiting in tests that watch other processes. */

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Resolves when it holds, or with false when it has not held in time. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() >= deadline) return false
    await pause(50)
  }
  return true
}
