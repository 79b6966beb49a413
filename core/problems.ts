/**
 * The problem catalogue: code → parameters → message, hint, who acts, retryable. One file per area in
 * `core/problems/`; codes are `<area>/<what-is-wrong>` and never change, wording may.
 */
import { MillraceError, type Position } from './errors.ts'
import { apiProblems } from './problems/api.ts'
import { cliProblems } from './problems/cli.ts'
import { configProblems } from './problems/config.ts'
import type { Actor, ProblemDefinition } from './problems/define.ts'
import { lakeProblems } from './problems/lake.ts'
import { landingProblems } from './problems/landing.ts'
import { mlProblems } from './problems/ml.ts'
import { modelProblems } from './problems/model.ts'
import { packageProblems } from './problems/packages.ts'
import { producerProblems } from './problems/producer.ts'
import { profileProblems } from './problems/profile.ts'
import { publishProblems } from './problems/publish.ts'
import { registrarProblems } from './problems/registrar.ts'
import { runProblems } from './problems/runs.ts'
import { serviceProblems } from './problems/services.ts'

const catalogue = {
  ...apiProblems,
  ...cliProblems,
  ...configProblems,
  ...lakeProblems,
  ...landingProblems,
  ...mlProblems,
  ...modelProblems,
  ...packageProblems,
  ...producerProblems,
  ...profileProblems,
  ...publishProblems,
  ...registrarProblems,
  ...runProblems,
  ...serviceProblems,
}

type Catalogue = typeof catalogue
export type ProblemCode = keyof Catalogue
export type ProblemParameters<Code extends ProblemCode> =
  Catalogue[Code] extends ProblemDefinition<infer Parameters> ? Parameters : never

export type { Position }

const exitCodes: Readonly<Record<Actor, number>> = { model: 1, user: 2, outside: 3, us: 70 }

/**
 * Makes the error for a catalogue code; throw it, or collect it in a list.
 * @param context `at` is the place in a file, `cause` the error underneath
 */
export function problem<Code extends ProblemCode>(
  code: Code,
  parameters: ProblemParameters<Code>,
  context: { readonly at?: Position; readonly cause?: unknown } = {},
): MillraceError {
  // The catalogue's union of definitions cannot be called with a generic; the signature above has checked it.
  const definition = catalogue[code] as unknown as ProblemDefinition<ProblemParameters<Code>>
  const outside = definition.actor === 'outside'
  return new MillraceError({
    code,
    message: definition.message(parameters),
    hint: definition.hint?.(parameters),
    exitCode: exitCodes[definition.actor],
    httpStatus: definition.httpStatus ?? (outside ? 503 : 500),
    retryable: definition.retryable ?? outside,
    at: context.at,
    cause: context.cause,
  })
}

/** Every code of the catalogue, sorted; the reference page and a test list them. */
export function problemCodes(): readonly ProblemCode[] {
  // Object.keys widens to string[]; the keys are exactly the catalogue's.
  return (Object.keys(catalogue) as ProblemCode[]).sort()
}
