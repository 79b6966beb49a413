/** Problems of a dbt profile of type duckdb: reading it, and opening the database it names. */
import { defineProblem } from './define.ts'

type Nearest = { readonly nearest: string | undefined }

const didYouMean = (nearest: string | undefined, otherwise: string): string =>
  nearest === undefined ? otherwise : `did you mean ${nearest}?`

export const profileProblems = {
  'profile/not-found': defineProblem<
    { profile: string; place: string; known: readonly string[] } & Nearest
  >({
    actor: 'user',
    message: ({ profile, place, known }) =>
      `There is no profile ${profile} in ${place}${known.length === 0 ? '' : `; it has ${known.join(', ')}`}.`,
    hint: ({ nearest }) =>
      didYouMean(
        nearest,
        'name another under profile: of dbt_project.yml or with --profile, or the folder of another profiles.yml with --profiles-dir.',
      ),
  }),
  'profile/unknown-target': defineProblem<
    { profile: string; target: string; known: readonly string[] } & Nearest
  >({
    actor: 'user',
    message: ({ profile, target, known }) =>
      `The profile ${profile} has no target ${target}; it has ${known.join(', ') || 'none'}.`,
    hint: ({ nearest }) => didYouMean(nearest, 'choose one with --target or DBT_TARGET.'),
  }),
  'profile/invalid-value': defineProblem<{ path: string; reason: string }>({
    actor: 'user',
    message: ({ path, reason }) => `${path}: ${reason}.`,
  }),
  'profile/unknown-key': defineProblem<{ path: string; key: string } & Nearest>({
    actor: 'user',
    message: ({ path, key }) => `${path}: unknown key ${key}.`,
    hint: ({ nearest }) => didYouMean(nearest, 'It is ignored, as dbt does.'),
  }),
  'profile/ignored-key': defineProblem<{ path: string; reason: string }>({
    actor: 'user',
    message: ({ path, reason }) => `${path} is ignored: ${reason}.`,
  }),
  'profile/missing-variable': defineProblem<{ variable: string; path: string }>({
    actor: 'user',
    message: ({ variable, path }) =>
      `${path} reads the environment variable ${variable}, which is not set.`,
    hint: ({ variable }) => `export ${variable}=…, or give a default: env_var('${variable}', '…').`,
  }),
  'profile/motherduck': defineProblem<{ path: string }>({
    actor: 'user',
    message: ({ path }) => `${path} is a database of MotherDuck, which Millrace does not reach.`,
    hint: () => 'choose a target with a DuckDB file or a DuckLake.',
  }),
  'profile/extension-missing': defineProblem<{ extension: string; directory: string }>({
    actor: 'user',
    message: ({ extension, directory }) =>
      `The profile wants the DuckDB extension ${extension}, which is not in ${directory}.`,
    hint: ({ extension }) =>
      `put ${extension}.duckdb_extension of this DuckDB release there; nothing is downloaded by a run.`,
  }),
  'profile/database-locked': defineProblem<{ path: string; holder: string }>({
    actor: 'outside',
    message: ({ path, holder }) => `The database ${path} is in use by another process: ${holder}.`,
    hint: () => 'nothing was written; run it again when that process is done.',
  }),
  'profile/cannot-open': defineProblem<{ path: string; reason: string }>({
    actor: 'user',
    message: ({ path, reason }) => `The database ${path} cannot be opened: ${reason}`,
  }),
  'profile/statement-failed': defineProblem<{ what: string; reason: string }>({
    actor: 'user',
    message: ({ what, reason }) => `${what} was refused by DuckDB: ${reason}`,
  }),
  'profile/unreachable': defineProblem<{ what: string; reason: string }>({
    actor: 'outside',
    message: ({ what, reason }) => `${what} does not answer: ${reason}`,
  }),
}
