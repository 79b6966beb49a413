/**
 * Leaves a predictor alone that mostly fails, so that callers need not wait for it and it can recover. Closed: all
 * questions pass. Paused: none does. When the pause is over one question is let through; its outcome decides.
 */
import type { Clock } from '../../core/clock.ts'
import type { Predictor } from '../../core/contracts/predictor.ts'
import { isProblem, MillraceError } from '../../core/errors.ts'
import { namesOf } from './check-answer.ts'

export type BreakerOptions = {
  /** So many failures among the last `2 × failures` questions pause it. */
  readonly failures: number
  readonly pauseMs: number
  readonly clock: Clock
  /** Told when it pauses and when it goes on. */
  readonly onChange: (state: 'paused' | 'resumed') => void
}

/** What is thrown instead of asking. */
export class PausedError extends Error {
  override readonly name = 'PausedError'
}

type Outcome = 'answered' | 'failed' | 'left'

/** The predictor behind a breaker of its own. It has to end by itself: put a time limit inside. */
export function withBreaker(predictor: Predictor, options: BreakerOptions): Predictor {
  const enter = createBreaker(options)
  return {
    ...namesOf(predictor),
    predict: async (questions, asked) => {
      const leave = enter()
      try {
        const answer = await predictor.predict(questions, asked)
        leave('answered')
        return answer
      } catch (error) {
        leave(outcomeOf(error, asked.signal))
        throw error
      }
    },
  }
}

/** What an error says of the predictor; `left`: nothing. */
export function outcomeOf(error: unknown, caller: AbortSignal): Outcome {
  if (isProblem(error, 'api/no-model')) return 'answered'
  // What has a code is the caller's mistake, or our database or its tables: nothing of the predictor.
  return caller.aborted || error instanceof MillraceError ? 'left' : 'failed'
}

/** Enter before asking, and tell the outcome to what is returned. @throws PausedError */
function createBreaker({ failures, pauseMs, clock, onChange }: BreakerOptions) {
  let recent: Outcome[] = []
  let pausedUntil: number | undefined
  let isProbing = false

  function pause(): void {
    recent = []
    pausedUntil = clock.now() + pauseMs
  }

  function leaveProbe(outcome: Outcome): void {
    isProbing = false
    if (outcome === 'failed') pause()
    if (outcome !== 'answered') return
    pausedUntil = undefined
    onChange('resumed')
  }

  function leave(outcome: Outcome): void {
    // Asked before the pause, answered in it: it says nothing new.
    if (outcome === 'left' || pausedUntil !== undefined) return
    recent = [...recent, outcome].slice(-2 * failures)
    if (recent.filter((past) => past === 'failed').length < failures) return
    pause()
    onChange('paused')
  }

  return (): ((outcome: Outcome) => void) => {
    if (pausedUntil === undefined) return leave
    if (isProbing || clock.now() < pausedUntil) throw new PausedError('paused after failures')
    isProbing = true
    return leaveProbe
  }
}
