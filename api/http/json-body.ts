/** A JSON body, read once and checked by a schema. */
import type { Context } from 'hono'
import type { z } from 'zod'
import { problem } from '../../core/problems.ts'

/** @throws `api/invalid-parameter`, which names the field */
export async function readJsonBody<Body>(context: Context, schema: z.ZodType<Body>): Promise<Body> {
  // A page of another site can send other types without asking first.
  if (!/^application\/json\b/i.test(context.req.header('content-type') ?? '')) {
    throw invalid('Content-Type', 'has to be application/json')
  }
  const { data, error } = schema.safeParse(parseJson(await context.req.text()))
  if (error === undefined) return data
  const [issue] = error.issues
  const name = issue?.path.join('.') || 'body'
  // Both may hold what the caller has sent, of any length.
  throw invalid(name.slice(0, 200), `is wrong: ${issue?.message.slice(0, 200)}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('body', 'is not JSON')
  }
}

function invalid(name: string, reason: string) {
  return problem('api/invalid-parameter', { name, reason })
}
