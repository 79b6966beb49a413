/** `GET /api/predictions` for one user, `POST /api/predictions` for many, or for features that are given. */
import type { Context, Hono } from 'hono'
import { problem } from '../../core/problems.ts'
import { requireRole } from '../access/principal.ts'
import type { ApiEnvironment } from '../http/environment.ts'
import { type Answer, ask } from './ask.ts'
import { type PredictionRequest, readBody, readQuery } from './read-request.ts'
import type { PredictionService } from './service.ts'
import { headersOf, toJson, toListJson } from './write-answer.ts'

/** Adds the routes; HEAD is answered like GET, without the body. */
export function addPredictionRoutes(app: Hono<ApiEnvironment>, service: PredictionService): void {
  app.get('/api/predictions', async (context) => {
    requireRole(context.get('principal'), service.roles)
    const { userId, withReasons } = readQuery(new URL(context.req.url).searchParams)
    const request: PredictionRequest = { of: { kind: 'users', userIds: [userId] }, withReasons }
    return await answer(context, service, request, ([first]) => {
      if (first?.prediction === undefined) throw problem('api/unknown-user', { userId })
      return toJson(first.prediction, service.clock.now())
    })
  })
  app.post('/api/predictions', async (context) => {
    requireRole(context.get('principal'), service.roles)
    const request = await readBody(context, service.predictor.featureNames?.())
    return await answer(context, service, request, (answers) =>
      toListJson(answers, service.clock.now()),
    )
  })
}

async function answer(
  context: Context<ApiEnvironment>,
  { predictor }: PredictionService,
  request: PredictionRequest,
  write: (answers: readonly Answer[]) => string,
): Promise<Response> {
  const { signal } = context.req.raw
  const options = { signal, withReasons: request.withReasons }
  try {
    const answers = await ask(predictor, request, options)
    const predictions = answers.flatMap(({ prediction }) => prediction ?? [])
    return context.body(write(answers), 200, headersOf(predictions))
  } catch (error) {
    // Nobody reads the answer any more, and nothing of ours has failed.
    if (signal.aborted) return new Response(null, { status: 499 })
    throw error
  }
}
