/** Problems of the local services: set-up, start, stop. */
import { defineProblem } from './define.ts'

export const serviceProblems = {
  'services/port-taken': defineProblem<{ service: string; port: number; setting: string }>({
    actor: 'user',
    message: ({ service, port, setting }) =>
      `Port ${port} for ${service} (${setting}) is in use by another program.`,
    hint: ({ port, setting }) =>
      `stop what listens there (\`ss -ltnp 'sport = :${port}'\` names it), choose another ${setting}, or leave the setting out and a free port is taken.`,
  }),
  'services/not-set-up': defineProblem<{ what: string; path: string }>({
    actor: 'user',
    message: ({ what, path }) => `${what} is not installed: there is no ${path}.`,
    hint: () => 'run `make setup` (or `millrace setup`) first; it goes on where it stopped.',
  }),
  'services/state-dir-unusable': defineProblem<{ path: string; reason: string }>({
    actor: 'user',
    message: ({ path, reason }) => `The state directory ${path} cannot be used: ${reason}`,
    hint: () => 'free some space or fix its owner, or choose another with MILLRACE_STATE_DIR.',
  }),
  'services/state-unreadable': defineProblem<{ file: string; reason: string }>({
    actor: 'user',
    message: ({ file, reason }) => `${file} is not what \`millrace up\` wrote: ${reason}`,
    hint: () =>
      '`millrace down --purge` removes the instance and its data; `millrace up` makes a new one.',
  }),
  'services/state-copied': defineProblem<{ stateDir: string; data: string }>({
    actor: 'user',
    message: ({ stateDir, data }) =>
      `${stateDir} was copied or moved from elsewhere: its PostgreSQL data is ${data}, which belongs to another place.`,
    hint: () =>
      'move it back, or `millrace down --purge` here (it leaves that data alone) and `millrace up` again.',
  }),
  'services/failed-to-start': defineProblem<{
    service: string
    reason: string
    log: string
    lines: readonly string[]
  }>({
    actor: 'outside',
    message: ({ service, reason, lines }) =>
      [`${service} did not start: ${reason}`, ...lines.map((line) => `  | ${line}`)].join('\n'),
    hint: ({ log, lines }) =>
      /no space left|disk quota/i.test(lines.join())
        ? `the disk is full: free some space, then start again; its log is ${log}`
        : `its log is ${log}; \`millrace doctor\` checks what it needs.`,
  }),
  'services/supervisor-ended': defineProblem<{ stateDir: string; log: string }>({
    actor: 'outside',
    message: ({ stateDir }) => `The supervisor of ${stateDir} ended before the services were up.`,
    hint: ({ log }) => `somebody ran \`millrace down\`, or its log says why: ${log}`,
  }),
  'services/busy': defineProblem<{ stateDir: string; holder: string }>({
    actor: 'outside',
    message: ({ stateDir, holder }) =>
      `Another command (${holder}) has been starting or stopping ${stateDir} for too long.`,
    hint: () => 'wait for it, or end it, and run this again.',
  }),
  'services/will-not-stop': defineProblem<{ service: string; pid: number }>({
    actor: 'outside',
    message: ({ service, pid }) => `${service} (pid ${pid}) is still there after SIGKILL.`,
    hint: () => 'it probably belongs to another user, or hangs in the kernel (a dead disk?).',
  }),
  'services/not-running': defineProblem<{ what: string; stateDir: string }>({
    actor: 'user',
    message: ({ what, stateDir }) => `${what} is not running in ${stateDir}.`,
    hint: () => '`millrace up` starts the services.',
  }),
  'services/missing-prerequisite': defineProblem<{ report: string }>({
    actor: 'user',
    message: ({ report }) => report,
  }),
  'services/setup-failed': defineProblem<{
    step: string
    command: string
    reason: string
    lines: readonly string[]
  }>({
    actor: 'outside',
    message: ({ step, command, reason, lines }) =>
      [
        `Set-up of ${step} failed: \`${command}\` ${reason}`,
        ...lines.map((line) => `  | ${line}`),
      ].join('\n'),
    hint: () =>
      'most often a registry did not answer: run it again, it goes on where it stopped. A proxy or mirror is set in the settings of npm, Maven, pip and Go.',
  }),
  'services/external': defineProblem<{ target: string }>({
    actor: 'user',
    message: ({ target }) =>
      `The services of target ${target} are given by their addresses (services: external); there is nothing to start here.`,
    hint: () => 'choose another with --target, or set MILLRACE_SERVICES=local.',
  }),
  'services/no-log': defineProblem<{ file: string }>({
    actor: 'user',
    message: ({ file }) => `There is no log ${file}.`,
    hint: () => 'the service was never started here; `millrace up` starts it.',
  }),
  'services/cache-dir-unusable': defineProblem<{ path: string; reason: string }>({
    actor: 'user',
    message: ({ path, reason }) => `The cache directory ${path} cannot be used: ${reason}`,
    hint: () => 'free some space or fix its owner, or choose another with MILLRACE_CACHE_DIR.',
  }),
  'services/no-container-engine': defineProblem<{ reason: string }>({
    actor: 'outside',
    message: ({ reason }) => `No container engine answers: ${reason}`,
    hint: () =>
      'start Docker or Podman, or leave out `services: containers` to run the services as processes.',
  }),
}
