/** Problems of the command line. */
import { defineProblem } from './define.ts'

export const cliProblems = {
  'cli/bad-arguments': defineProblem<{ reason: string; command: string }>({
    actor: 'user',
    message: ({ reason }) => reason,
    hint: ({ command }) => `\`${command} --help\` shows the options, with an example.`,
  }),
  'cli/interrupted': defineProblem<{ what: string }>({
    actor: 'outside',
    message: ({ what }) => `${what} was interrupted.`,
  }),
}
