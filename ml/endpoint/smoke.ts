/** Asks a fresh endpoint a few things whose answers are known. */
import { setTimeout } from 'node:timers/promises'
import {
  InvokeEndpointCommand,
  type SageMakerRuntimeClient,
  SageMakerRuntimeServiceException,
} from '@aws-sdk/client-sagemaker-runtime'
import { z } from 'zod'
import { messageOf } from '../../core/errors.ts'
import type { Model } from '../model/read-model.ts'
import { scoreRows } from '../model/score.ts'

/** What a version should answer as. */
export type Expectation = { readonly model: Model }

/** A container that dies of its first requests has to be seen before it serves. */
const requests = 24
const mostAtOnce = 4
/** Of one request, while the endpoint has others: pauses of 0.1 s and more, 20 s together. */
const attempts = 10
const firstPauseMs = 100
const longestPauseMs = 5_000
const tolerance = 1e-6

const answerSchema = z.object({
  model: z.object({ version: z.string() }),
  predictions: z.array(z.object({ score: z.number().min(0).max(1) })),
})

/**
 * @param concurrency how many requests the endpoint takes at once, where that is known
 * @returns why the endpoint cannot be trusted, undefined when it can
 */
export async function smokeTest(
  runtime: SageMakerRuntimeClient,
  endpoint: string,
  expectation: Expectation,
  concurrency = mostAtOnce,
): Promise<string | undefined> {
  const question = questionOf(expectation)
  const send = () =>
    runtime.send(new InvokeEndpointCommand({ EndpointName: endpoint, ...question }))
  const ask = async (): Promise<string | undefined> => {
    try {
      const { Body } = await whenNotThrottled(send)
      return faultOf(expectation, Buffer.from(Body ?? []).toString('utf8'))
    } catch (error) {
      return `it does not answer: ${messageOf(error)}`
    }
  }
  const atOnce = Math.min(mostAtOnce, concurrency)
  for (let sent = 0; sent < requests; sent += atOnce) {
    const faults = await Promise.all(Array.from({ length: atOnce }, ask))
    const fault = faults.find((one) => one !== undefined)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Live requests may take what the endpoint takes at once: that says nothing about the version. */
async function whenNotThrottled<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send()
    } catch (error) {
      if (!isThrottled(error) || attempt === attempts) throw error
      await setTimeout(Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs))
    }
  }
}

function isThrottled(error: unknown): boolean {
  if (!(error instanceof SageMakerRuntimeServiceException)) return false
  return error.name === 'ThrottlingException' || error.$metadata.httpStatusCode === 429
}

/** A user about whom nothing is known, and one about whom all is 1. */
function questionOf({ model }: Expectation) {
  const ones = Object.fromEntries(model.features.map((name) => [name, 1]))
  const Body = JSON.stringify({ instances: [{}, ones], reasons: false })
  return { ContentType: 'application/json', Accept: 'application/json', Body }
}

function faultOf({ model }: Expectation, text: string): string | undefined {
  const parsed = answerSchema.safeParse(parseJson(text))
  if (!parsed.success) return `it answers ${text.slice(0, 100)}, which is no prediction`
  const { predictions, model: answering } = parsed.data
  if (answering.version !== model.version) {
    return `it answers with version ${answering.version}, not ${model.version}`
  }
  const width = model.features.length
  const rows = new Float32Array(2 * width).fill(Number.NaN, 0, width).fill(1, width)
  const expected = scoreRows(model, rows)
  const scores = predictions.map(({ score }) => score)
  const isEqual =
    scores.length === 2 &&
    scores.every((score, index) => Math.abs(score - (expected[index] ?? 0)) <= tolerance)
  return isEqual ? undefined : `it scores ${scores.join(', ')}, not ${expected.join(', ')}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
