/** Problems of the history of runs and of going back in it. */
import { defineProblem } from './define.ts'

const listHint = '`millrace runs` lists them.'

export const runProblems = {
  'runs/unknown': defineProblem<{ run: string }>({
    actor: 'user',
    message: ({ run }) => `There is no run ${run}.`,
    hint: () => listHint,
    httpStatus: 404,
  }),
  'runs/ambiguous': defineProblem<{ run: string; ids: readonly string[] }>({
    actor: 'user',
    message: ({ run, ids }) => `Several runs begin with ${run}: ${ids.join(', ')}.`,
    hint: () => 'give more of the id.',
  }),
  'runs/not-published': defineProblem<{ run: string; outcome: string }>({
    actor: 'user',
    message: ({ run, outcome }) => `The run ${run} published nothing: it ended ${outcome}.`,
    hint: () => `name a run that has written something; ${listHint}`,
  }),
  'runs/forgotten': defineProblem<{ run: string; snapshot: number }>({
    actor: 'user',
    message: ({ run, snapshot }) =>
      `The state before run ${run}, snapshot ${snapshot}, is no longer kept.`,
    hint: () => 'upkeep has forgotten it (maintain.keep_days in millrace.yml); rebuild instead.',
  }),
  'runs/unknown-node': defineProblem<{ name: string; nearest: string | undefined }>({
    actor: 'user',
    message: ({ name }) => `No run has had a model, seed or snapshot ${name}.`,
    hint: ({ nearest }) =>
      nearest === undefined
        ? '`millrace runs show <id>` lists what a run was of.'
        : `did you mean ${nearest}?`,
    httpStatus: 404,
  }),
  'runs/no-history': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'There is no history here: nothing was run yet.',
    hint: () => 'history is kept in the lake, by `millrace build` and its like.',
  }),
}
