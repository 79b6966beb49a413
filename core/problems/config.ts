/** Problems of configuration: files, flags, environment. */
import { defineProblem } from './define.ts'

type Nearest = { readonly nearest?: string | undefined }

const didYouMean = (nearest: string | undefined, otherwise: string): string =>
  nearest === undefined ? otherwise : `did you mean ${nearest}?`

export const configProblems = {
  'config/not-found': defineProblem<{ file: string }>({
    actor: 'user',
    message: ({ file }) => `There is no ${file}.`,
    hint: () => 'run this inside a Millrace project, or name one with --project-dir.',
  }),
  'config/not-yaml': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `This file is not valid YAML: ${reason}`,
  }),
  'config/unknown-key': defineProblem<{ path: string } & Nearest>({
    actor: 'user',
    message: ({ path }) => `Unknown setting ${path}.`,
    hint: ({ nearest }) => didYouMean(nearest, '`millrace config` prints every setting there is.'),
  }),
  'config/invalid-value': defineProblem<{ path: string; reason: string; value?: string }>({
    actor: 'user',
    message: ({ path, reason, value }) =>
      `${path} ${value === undefined ? '' : `is ${value}: `}${reason}`,
  }),
  'config/unknown-target': defineProblem<{ target: string; known: readonly string[] } & Nearest>({
    actor: 'user',
    message: ({ target, known }) =>
      `There is no target ${target}; this project has ${known.join(', ') || 'none'}.`,
    hint: ({ nearest }) => didYouMean(nearest, 'choose one with --target or MILLRACE_TARGET.'),
  }),
  'config/missing-variable': defineProblem<{ variable: string; path: string }>({
    actor: 'user',
    message: ({ variable, path }) =>
      `${path} reads the environment variable ${variable}, which is not set.`,
    hint: ({ variable }) => `export ${variable}=…, or give a default: \${${variable}:-value}.`,
  }),
  'config/missing-value': defineProblem<{ path: string; variable: string; services: string }>({
    actor: 'user',
    message: ({ path, services }) =>
      `${path} is needed here and nothing sets it (services: ${services}).`,
    hint: ({ path, variable, services }) =>
      services === 'local'
        ? '`millrace up` starts the local services and fills it in.'
        : `set ${path} for this target in millrace.yml, or export ${variable}.`,
  }),
  'config/secret-unreadable': defineProblem<{ reference: string; reason: string }>({
    actor: 'user',
    message: ({ reference, reason }) => `The secret ${reference} cannot be read: ${reason}`,
    hint: () => 'a secret is text, file:<path>, or aws-secret:<name>[#<json key>].',
  }),
}
