/** Work that may not end: a regular expression that backtracks. V8 stops it between two steps. */
import { createContext, Script } from 'node:vm'
import { TemplateFault } from '../jinja/values.ts'

/** Long enough for any honest pattern, short enough that nobody thinks the run is dead. */
const limitMs = 1000

const script = new Script('work()')

/** @throws TemplateFault when the work takes longer than a second */
export function withinLimit<T>(work: () => T): T {
  let result: { readonly value: T } | undefined
  const context = createContext({
    work: () => {
      result = { value: work() }
    },
  })
  try {
    script.runInContext(context, { timeout: limitMs })
  } catch (cause) {
    // The error is made in the context, whose Error is not ours.
    const isOver = typeof cause === 'object' && cause !== null && 'code' in cause
    if (!isOver || cause.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause
    throw new TemplateFault('this regular expression takes too long on this text', { cause })
  }
  if (result === undefined) throw new TemplateFault('this regular expression gave no answer')
  return result.value
}
