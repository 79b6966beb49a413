/** What is asked for: users or features, from the query or the body. */
import type { Context } from 'hono'
import { z } from 'zod'
import { type FeatureRow, greatestFloat32 } from '../../core/contracts/predictor.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { readJsonBody } from '../http/json-body.ts'

export type PredictionRequest = {
  readonly of:
    | { readonly kind: 'users'; readonly userIds: readonly bigint[] }
    | { readonly kind: 'features'; readonly rows: readonly FeatureRow[] }
  readonly withReasons: boolean
}

const maxQuestions = 500

export const userIdPattern = /^-?[0-9]{1,19}$/

const userIdSchema = z.union([z.int(), z.string().regex(userIdPattern)], {
  error: 'not a whole number; one of more than 15 digits has to be a string',
})

const featureRowSchema = z.record(
  z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,99}$/),
  z.number().min(-greatestFloat32).max(greatestFloat32).nullable(),
)

/** Also what OpenAPI says of it; one of `user_ids` and `features` is given. */
export const bodySchema = z.strictObject({
  user_ids: z
    .array(userIdSchema)
    .min(1)
    .max(maxQuestions)
    .optional()
    .describe('Users; the answer has their order'),
  features: z
    .array(featureRowSchema)
    .min(1)
    .max(maxQuestions)
    .optional()
    .describe('Rows of features, name → value; null or left out: not known'),
  reasons: z.boolean().default(false).describe('Say what moved each score, if the model can'),
})

/** `?user_id=123&reasons=false`. @throws `api/unknown-parameter`, `api/invalid-parameter` */
export function readQuery(query: URLSearchParams): { userId: bigint; withReasons: boolean } {
  const known = ['user_id', 'reasons']
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      throw problem('api/unknown-parameter', { name, known, nearest: nearest(name, known) })
    }
    if (query.getAll(name).length > 1) throw invalid(name, 'is given more than once')
  }
  const userId = query.get('user_id')
  if (userId === null) throw invalid('user_id', 'is missing')
  if (!userIdPattern.test(userId)) throw invalid('user_id', 'is not a whole number')
  const reasons = query.get('reasons') ?? 'true'
  if (reasons !== 'true' && reasons !== 'false') {
    throw invalid('reasons', 'is neither true nor false')
  }
  return { userId: BigInt(userId), withReasons: reasons === 'true' }
}

/**
 * Reads the body of a request for many.
 * @param featureNames that the model takes; undefined when they are not known
 * @throws `api/invalid-parameter`, which names the field
 */
export async function readBody(
  context: Context,
  featureNames: readonly string[] | undefined,
): Promise<PredictionRequest> {
  const { user_ids, features, reasons } = await readJsonBody(context, bodySchema)
  if ((user_ids === undefined) === (features === undefined)) {
    throw invalid('body', 'needs one of user_ids and features')
  }
  if (features === undefined) {
    const userIds = (user_ids ?? []).map((id) => BigInt(id))
    return { of: { kind: 'users', userIds }, withReasons: reasons }
  }
  if (featureNames !== undefined) refuseUnknown(features, featureNames)
  return { of: { kind: 'features', rows: features }, withReasons: reasons }
}

function refuseUnknown(rows: readonly FeatureRow[], names: readonly string[]): void {
  const known = new Set(names)
  for (const [index, row] of rows.entries()) {
    const unknown = Object.keys(row).find((name) => !known.has(name))
    if (unknown === undefined) continue
    const near = nearest(unknown, names)
    const hint = near === undefined ? '' : `; did you mean ${near}?`
    throw invalid(`features.${index}.${unknown}`, `is not a feature of the model${hint}`)
  }
}

function invalid(name: string, reason: string) {
  return problem('api/invalid-parameter', { name, reason })
}
