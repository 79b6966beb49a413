/** Problems of publishing into PostgreSQL, and of PostgreSQL itself. */
import { defineProblem } from './define.ts'

export const publishProblems = {
  'publish/postgres-unreachable': defineProblem<{ server: string; reason: string }>({
    actor: 'outside',
    message: ({ server, reason }) => `${server} does not answer: ${reason}`,
    hint: () =>
      '`millrace status` shows the local services; `millrace config` shows the address used.',
  }),
}
