/** Problems of the command line. */
import { defineProblem } from './define.ts'

export const cliProblems = {
  'cli/bad-arguments': defineProblem<{ reason: string; command: string }>({
    actor: 'user',
    message: ({ reason }) => reason,
    hint: ({ command }) => `\`${command} --help\` shows the options, with an example.`,
  }),
  'cli/cannot-init': defineProblem<{ reason: string; advice: string }>({
    actor: 'user',
    message: ({ reason }) => reason,
    hint: ({ advice }) => advice,
  }),
  'cli/cannot-clean': defineProblem<{ what: string; paths: readonly string[] }>({
    actor: 'user',
    message: ({ what, paths }) => `dbt will not clean the following ${what}: ${paths.join(', ')}`,
    hint: () => 'name under clean-targets of dbt_project.yml only folders that commands have made.',
  }),
  'cli/dbt-usage': defineProblem<{ command: string; usage: string; reason: string }>({
    actor: 'user',
    message: ({ command, usage, reason }) =>
      `Usage: ${command} ${usage}\nTry '${command} --help' for help.\n\nError: ${reason}`,
  }),
  'cli/interrupted': defineProblem<{ what: string }>({
    actor: 'outside',
    message: ({ what }) => `${what} was interrupted.`,
  }),
  'cli/no-lake': defineProblem<{ where: string }>({
    actor: 'user',
    message: ({ where }) => `There is no lake yet (looked in ${where}).`,
    hint: () => 'run `millrace up`, then `millrace build`; the first build makes it.',
  }),
  'cli/no-database': defineProblem<{ target: string; where: string }>({
    actor: 'user',
    message: ({ target, where }) =>
      `There is no database yet: the target ${target} of profiles.yml is ${where}, which does not exist.`,
    hint: () =>
      '`millrace build` makes it. A path is relative to the folder you are in, as in dbt.',
  }),
  'cli/no-history': defineProblem<{ what: string; target: string; where: string; kept: string }>({
    actor: 'user',
    message: ({ what, target, where, kept }) =>
      `${what} is for a lake; the target ${target} of profiles.yml is ${where}, ${kept}.`,
    hint: () =>
      '`millrace sql` queries it as it is. Projects without `profile:` are built in the lake of millrace.yml, which keeps its history.',
  }),
  'cli/no-previous-run': defineProblem<{ file: string }>({
    actor: 'user',
    message: ({ file }) => `There is no run to take up again: ${file} does not exist.`,
    hint: () => '--state names the folder of a run_results.json; every run writes one to target/.',
  }),
  'cli/cannot-retry': defineProblem<{ command: string }>({
    actor: 'user',
    message: ({ command }) => `The last command was ${command}, which has no nodes to run again.`,
    hint: ({ command }) => `call \`millrace ${command}\` itself.`,
  }),
  'cli/source-missing': defineProblem<{ tables: readonly string[] }>({
    actor: 'user',
    message: ({ tables }) =>
      `The lake has no ${tables.join(', ')} yet, which the models read: nothing has landed there.`,
    hint: () =>
      '`millrace topics create`, `millrace produce` and `millrace land --until-caught-up` bring events; then build again.',
  }),
  'cli/not-a-query': defineProblem<{ statement: string }>({
    actor: 'user',
    message: ({ statement }) =>
      `${statement.toUpperCase()} cannot be written as Parquet, only a query can.`,
    hint: () => 'write it as a query (`from …`), or choose another --format.',
  }),
  'cli/cannot-write': defineProblem<{ file: string; reason: string }>({
    actor: 'user',
    message: ({ file, reason }) => `${file} cannot be written: ${reason}`,
  }),
  'cli/cannot-read': defineProblem<{ file: string; reason: string }>({
    actor: 'user',
    message: ({ file, reason }) => `${file} cannot be read: ${reason}`,
  }),
  'cli/cannot-watch': defineProblem<{ folder: string; reason: string }>({
    actor: 'outside',
    message: ({ folder, reason }) => `${folder} cannot be watched: ${reason}`,
    hint: () =>
      'on Linux `sysctl fs.inotify.max_user_watches fs.inotify.max_user_instances` shows how much may be watched.',
  }),
  'cli/show-failed': defineProblem<{ node: string; reason: string; place: string | undefined }>({
    actor: 'user',
    message: ({ node, reason, place }) =>
      `${node} cannot be shown: ${reason}${place === undefined ? '' : `\ncompiled code at ${place}`}`,
    hint: () => '`millrace build` makes what it reads; `millrace compile` prints its SQL.',
  }),
  'cli/no-docs': defineProblem<{ folder: string }>({
    actor: 'user',
    message: ({ folder }) => `There is no manifest.json in ${folder}, so there is nothing to show.`,
    hint: () => 'run `millrace docs generate` first.',
  }),
}
