import { describe, expect, it } from 'vitest'
import { withCheckedAnswers } from '../../../../api/predictions/check-answer.ts'
import { PausedError, withBreaker } from '../../../../api/predictions/circuit-breaker.ts'
import { withFallback } from '../../../../api/predictions/fallback.ts'
import { withRetry } from '../../../../api/predictions/retry.ts'
import { withTimeLimit } from '../../../../api/predictions/time-limit.ts'
import { watchPredictors } from '../../../../api/predictions/watch-predictors.ts'
import {
  type Prediction,
  type PredictionQuestion,
  type Predictor,
  reasonsMs,
} from '../../../../core/contracts/predictor.ts'
import { problem } from '../../../../core/problems.ts'
import { silentLog } from '../../../../core/silent-log.ts'
import { openManualClock } from '../../../support/manual-clock.ts'

const sound: Prediction = {
  userId: 1n,
  score: 0.25,
  modelName: 'm',
  modelVersion: '12',
  asOf: '2024-11-25T00:00:00Z',
  computedAt: '2024-11-25T01:02:03.456789Z',
  source: 'endpoint',
}
const one: readonly PredictionQuestion[] = [{ kind: 'user', userId: 1n }]
const given: readonly PredictionQuestion[] = [{ kind: 'features', features: { age: 1 } }]
const patient = { signal: new AbortController().signal, withReasons: false }
const noModel = () => Promise.reject(problem('api/no-model', {}))
const away = () => Promise.reject(problem('api/database-unavailable', {}))
const overloaded = () => Promise.reject(problem('api/overloaded', {}))
const unbuilt = () =>
  Promise.reject(problem('ml/no-features', { table: 't', reason: 'it is not published' }))
const wrong = () => Promise.reject(problem('api/invalid-parameter', { name: 'a', reason: 'is b' }))

/** What a predictor outside TypeScript could answer. */
const answering = (answer: unknown): Predictor => ({ predict: async () => answer as never })

/** Answers what the steps say, one after the other, and counts. */
function stepping(...steps: readonly (() => Promise<readonly Prediction[]>)[]) {
  const asked = { times: 0 }
  const predict: Predictor['predict'] = () => {
    const step = steps[Math.min(asked.times++, steps.length - 1)]
    return step === undefined ? Promise.reject(new Error('no step')) : step()
  }
  return { asked, predict }
}
const answers = async () => [sound]
const breaks = () => Promise.reject(new Error('reset'))
const hangs = () => new Promise<never>(() => undefined)

describe('a checked predictor', () => {
  it('passes sound answers on', async () => {
    const reasons = [{ feature: 'age', value: null, contribution: -1.5 }]
    const answer = [{ ...sound, reasons }]
    expect(await withCheckedAnswers(answering(answer)).predict(one, patient)).toEqual(answer)
    const { userId: _, asOf: __, ...ofFeatures } = sound
    const other = withCheckedAnswers(answering([ofFeatures]))
    expect(await other.predict(given, patient)).toEqual([ofFeatures])
    expect(await withCheckedAnswers(answering([undefined])).predict(one, patient)).toEqual([
      undefined,
    ])
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', '0.5'],
    ['too few', []],
    ['too many', [sound, sound]],
    ['null for a prediction', [null]],
    ['NaN', [{ ...sound, score: Number.NaN }]],
    ['a score of 2', [{ ...sound, score: 2 }]],
    ['a score below 0', [{ ...sound, score: -0.1 }]],
    ['a score as text', [{ ...sound, score: '0.5' }]],
    ['a score that is missing', [{ ...sound, score: undefined }]],
    ['another user', [{ ...sound, userId: 2n }]],
    ['no user', [{ ...sound, userId: undefined }]],
    ['a user who is no bigint', [{ ...sound, userId: 1 }]],
    ['a version that breaks a header', [{ ...sound, modelVersion: '1"\r\nset-cookie: a=b' }]],
    ['an empty version', [{ ...sound, modelVersion: '' }]],
    ['a time that is none', [{ ...sound, computedAt: 'yesterday' }]],
    ['an unknown source', [{ ...sound, source: 'oracle' }]],
    [
      'infinite reasons',
      [{ ...sound, reasons: [{ feature: 'a', value: 1, contribution: 1 / 0 }] }],
    ],
  ])('rejects %s', async (_, answer) => {
    await expect(withCheckedAnswers(answering(answer)).predict(one, patient)).rejects.toThrow()
  })

  it('rejects no prediction, or one of some user, for features that were given', async () => {
    for (const answer of [[undefined], [sound]]) {
      await expect(withCheckedAnswers(answering(answer)).predict(given, patient)).rejects.toThrow(
        'not about what was asked',
      )
    }
  })
})

describe('a time limit', () => {
  const limit = 100

  it('is longer for reasons, and for nothing else', async () => {
    const clock = openManualClock()
    const withReasons = { ...patient, withReasons: true }
    const explaining: Predictor = {
      predict: (_, { onScores }) => {
        onScores?.()
        return hangs()
      },
    }
    const asked = withTimeLimit(explaining, limit, clock).predict([...one, ...one], withReasons)
    asked.catch(() => undefined)
    await clock.advance(100)
    await clock.advance(reasonsMs(2) - 1)
    expect(clock.sleeping).toBe(1)
    await clock.advance(1)
    await expect(asked).rejects.toThrow('no answer within 100 ms')
    const scoring = withTimeLimit({ predict: hangs }, limit, clock).predict(one, withReasons)
    scoring.catch(() => undefined)
    await clock.advance(100)
    await expect(scoring).rejects.toThrow('no answer within 100 ms')
  })

  it('leaves a predictor behind that hangs, and tells it so', async () => {
    const clock = openManualClock()
    let told: AbortSignal | undefined
    const deaf: Predictor = {
      predict: (_, { signal }) => {
        told = signal
        return hangs()
      },
    }
    const asked = withTimeLimit(deaf, limit, clock).predict(one, patient)
    asked.catch(() => undefined)
    await clock.advance(99)
    expect(told?.aborted).toBe(false)
    await clock.advance(1)
    await expect(asked).rejects.toThrow('no answer within 100 ms')
    expect(told?.aborted).toBe(true)
  })

  it('ends as soon as the caller is gone', async () => {
    const leaving = new AbortController()
    const asked = withTimeLimit({ predict: hangs }, limit, openManualClock()).predict(one, {
      ...patient,
      signal: leaving.signal,
    })
    leaving.abort(new Error('gone'))
    await expect(asked).rejects.toThrow('gone')
  })

  it('leaves no timer, whether it was answered or threw at once', async () => {
    const clock = openManualClock()
    await withTimeLimit(answering([sound]), limit, clock).predict(one, patient)
    const throwing: Predictor = {
      predict: () => {
        throw new Error('at once')
      },
    }
    await expect(withTimeLimit(throwing, limit, clock).predict(one, patient)).rejects.toThrow(
      'at once',
    )
    expect(clock.sleeping).toBe(0)
  })
})

describe('a retry', () => {
  const options = (attempts: number) => {
    const clock = openManualClock()
    const sleep = async (ms: number, signal?: AbortSignal) => {
      const slept = clock.sleep(ms, signal)
      await clock.advance(ms)
      await slept
    }
    return { attempts, pauseMs: 50, clock: { ...clock, sleep }, random: () => 0.5, real: clock }
  }

  it('asks again after a failure, later each time, and not at the same time as others', async () => {
    const predictor = stepping(breaks, breaks, answers)
    const how = options(3)
    expect(await withRetry(predictor, how).predict(one, patient)).toEqual([sound])
    expect(how.real.sleeps).toEqual([25, 50])
  })

  it('gives up with the last failure', async () => {
    const predictor = stepping(answers, breaks)
    predictor.asked.times = 1
    await expect(withRetry(predictor, options(2)).predict(one, patient)).rejects.toThrow('reset')
    expect(predictor.asked.times).toBe(3)
  })

  it('does not ask again what would be refused again, or when the caller is gone', async () => {
    const none = stepping(noModel)
    await expect(withRetry(none, options(5)).predict(one, patient)).rejects.toThrow('No model')
    expect(none.asked.times).toBe(1)
    for (const refused of [wrong, overloaded, away, unbuilt]) {
      const once = stepping(refused)
      await expect(withRetry(once, options(5)).predict(one, patient)).rejects.toThrow()
      expect(once.asked.times).toBe(1)
    }
    const left = stepping(breaks)
    const gone = { ...patient, signal: AbortSignal.abort() }
    await expect(withRetry(left, options(5)).predict(one, gone)).rejects.toThrow('reset')
    expect(left.asked.times).toBe(1)
  })
})

describe('a circuit breaker', () => {
  function open(predictor: Predictor) {
    const clock = openManualClock()
    const changes: string[] = []
    const onChange = (state: string) => void changes.push(state)
    const guarded = withBreaker(predictor, { failures: 3, pauseMs: 1000, clock, onChange })
    const ask = async (signal = patient.signal) => {
      const asked = guarded.predict(one, { ...patient, signal })
      return await asked.then(
        () => 'answer',
        (error: unknown) => (error instanceof PausedError ? 'paused' : 'failure'),
      )
    }
    return { clock, changes, ask }
  }

  it('pauses after failures, lets one question through later, and goes on when that is answered', async () => {
    const predictor = stepping(breaks, breaks, breaks, answers)
    const { clock, changes, ask } = open(predictor)
    const seen = [await ask(), await ask(), await ask(), await ask()]
    expect(seen).toEqual(['failure', 'failure', 'failure', 'paused'])
    await clock.advance(999)
    expect(await ask()).toBe('paused')
    await clock.advance(1)
    expect([await ask(), await ask()]).toEqual(['answer', 'answer'])
    expect(predictor.asked.times).toBe(5)
    expect(changes).toEqual(['paused', 'resumed'])
  })

  it('pauses again when the one that was let through fails', async () => {
    const { clock, changes, ask } = open(stepping(breaks))
    for (let i = 0; i < 3; i++) await ask()
    await clock.advance(1000)
    expect([await ask(), await ask()]).toEqual(['failure', 'paused'])
    await clock.advance(1000)
    expect([await ask(), await ask()]).toEqual(['failure', 'paused'])
    expect(changes).toEqual(['paused'])
  })

  it('lets no second question through while the first is not decided', async () => {
    let decide: (answer: readonly Prediction[]) => void = () => undefined
    const slow = () => new Promise<readonly Prediction[]>((resolve) => (decide = resolve))
    const { clock, ask } = open(stepping(breaks, breaks, breaks, slow, answers))
    for (let i = 0; i < 3; i++) await ask()
    await clock.advance(1000)
    const probe = ask()
    expect(await ask()).toBe('paused')
    decide([sound])
    expect([await probe, await ask()]).toEqual(['answer', 'answer'])
  })

  it('pauses for half of the questions failing, and not for a few', async () => {
    const half = open(stepping(breaks, answers, breaks, answers, breaks, answers))
    for (let i = 0; i < 5; i++) await half.ask()
    expect(await half.ask()).toBe('paused')
    const few = open(stepping(breaks, breaks, answers, answers, answers, answers, breaks, answers))
    for (let i = 0; i < 7; i++) await few.ask()
    expect(await few.ask()).toBe('answer')
  })

  it('counts neither callers who left, nor their mistakes, nor a database that is away', async () => {
    const left = open(stepping(breaks))
    for (let i = 0; i < 9; i++) expect(await left.ask(AbortSignal.abort())).toBe('failure')
    for (const others of [noModel, wrong, overloaded, away, unbuilt]) {
      const none = open(stepping(others))
      for (let i = 0; i < 9; i++) expect(await none.ask()).toBe('failure')
    }
  })

  it('is not stuck when the caller of the one that was let through leaves', async () => {
    const { clock, ask } = open(stepping(breaks, breaks, breaks, breaks, answers))
    for (let i = 0; i < 3; i++) await ask()
    await clock.advance(1000)
    expect(await ask(AbortSignal.abort())).toBe('failure')
    expect(await ask()).toBe('answer')
  })
})

describe('a fallback', () => {
  const chain = (...predictors: readonly Predictor['predict'][]) =>
    withFallback(
      predictors.map((predict, index) => ({ name: `${index}`, predictor: { predict } })),
      silentLog,
    ).predict(one, patient)

  it('is the answer of the first that gives one', async () => {
    const second = stepping(answers)
    expect(await chain(breaks, second.predict, hangs)).toEqual([sound])
  })

  it.each([
    ['api/no-model', [noModel]],
    ['api/no-model', [noModel, noModel]],
    ['api/no-model', []],
    ['api/model-unavailable', [breaks, noModel]],
    ['api/model-unavailable', [breaks]],
    ['api/model-unavailable', [breaks, away]],
    ['api/database-unavailable', [away]],
    ['api/database-unavailable', [noModel, away]],
    ['api/database-unavailable', [away, away]],
    ['api/model-unavailable', [away, breaks]],
    ['api/overloaded', [overloaded, answers]],
  ] as const)('is %s when no other answers (%#)', async (code, predictors) => {
    await expect(chain(...predictors)).rejects.toMatchObject({ code, httpStatus: 503 })
  })

  it('says a failure that lasts once, and again after an answer', async () => {
    const said: unknown[] = []
    const log = Object.assign(Object.create(silentLog), {
      warn: (line: unknown) => said.push(line),
    })
    const other = () => Promise.reject(new Error('other'))
    const { predict } = stepping(breaks, breaks, other, breaks, answers, breaks)
    const chained = withFallback([{ name: 'x', predictor: { predict } }], log)
    for (let time = 0; time < 6; time++) await chained.predict(one, patient).catch(() => undefined)
    expect(said).toMatchObject(
      ['reset', 'other', 'reset', 'reset'].map((message) => ({ predictor: 'x', err: { message } })),
    )
  })

  it('asks nobody else when the question is wrong', async () => {
    const second = stepping(answers)
    await expect(chain(wrong, second.predict)).rejects.toMatchObject({ httpStatus: 400 })
    expect(second.asked.times).toBe(0)
  })

  it('ends when the caller is gone', async () => {
    const second = stepping(answers)
    const chained = withFallback(
      [breaks, second.predict].map((predict) => ({ name: 'x', predictor: { predict } })),
      silentLog,
    )
    const gone = { ...patient, signal: AbortSignal.abort(new Error('gone')) }
    await expect(chained.predict(one, gone)).rejects.toThrow('gone')
    expect(second.asked.times).toBe(0)
  })

  it('knows the features of the first that knows them', () => {
    const predictors = [undefined, ['age'], ['other']].map((names) => ({
      name: 'x',
      predictor: { predict: answers, featureNames: () => names },
    }))
    expect(withFallback(predictors, silentLog).featureNames?.()).toEqual(['age'])
    expect(withFallback([], silentLog).featureNames?.()).toBeUndefined()
  })
})

describe('a watch over predictors', () => {
  it('knows what became of the last question, and how long ago that was', async () => {
    const clock = openManualClock()
    const { watched, standing } = watchPredictors(clock)
    const first = watched(stepping(answers, breaks, noModel))
    expect(standing()).toEqual({ state: 'unknown' })
    await first.predict(one, patient)
    await clock.advance(5000)
    expect(standing()).toEqual({ state: 'up', ageSeconds: 5 })
    await expect(first.predict(one, patient)).rejects.toThrow('reset')
    expect(standing()).toEqual({ state: 'down', ageSeconds: 0 })
    await expect(first.predict(one, patient)).rejects.toMatchObject({ code: 'api/no-model' })
    expect(standing()).toEqual({ state: 'absent', ageSeconds: 0 })
  })

  it.each([
    ['a mistake of the caller', wrong],
    ['too much to do', overloaded],
    ['a database that is away', away],
    ['features that are missing', unbuilt],
  ])('learns nothing of %s', async (_, refuses) => {
    const { watched, standing } = watchPredictors(openManualClock())
    const refusing = watched(stepping(refuses, answers, refuses))
    await expect(refusing.predict(one, patient)).rejects.toThrow()
    expect(standing()).toEqual({ state: 'unknown' })
    await refusing.predict(one, patient)
    await expect(refusing.predict(one, patient)).rejects.toThrow()
    expect(standing().state).toBe('up')
  })

  it('says of several how the best of them stands, and learns nothing of callers who left', async () => {
    const { watched, standing } = watchPredictors(openManualClock())
    const broken = watched(stepping(breaks))
    const sound = watched(stepping(answers, breaks))
    await expect(broken.predict(one, patient)).rejects.toThrow()
    await sound.predict(one, patient)
    expect(standing().state).toBe('up')
    const left = { signal: AbortSignal.abort(), withReasons: false }
    await expect(sound.predict(one, left)).rejects.toThrow()
    expect(standing().state).toBe('up')
  })
})
