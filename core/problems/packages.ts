/** Problems of a project's packages: listing, finding, fetching and installing them. */
import { defineProblem } from './define.ts'

const vendoredHint =
  'retry later; offline, a dbt_packages/ folder copied from elsewhere is enough: then no deps is needed.'

export const packageProblems = {
  'packages/two-lists': defineProblem<{ folder: string }>({
    actor: 'user',
    message: ({ folder }) => `${folder} lists packages in packages.yml and in dependencies.yml.`,
    hint: () => 'keep `packages:` in one of the two files.',
  }),
  'packages/bad-entry': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `In the list of packages, ${reason}.`,
    hint: () =>
      'an entry is package: and version:, git: (revision:, subdirectory:), tarball: and name:, or local:.',
  }),
  'packages/private': defineProblem<{ package: string }>({
    actor: 'user',
    message: ({ package: name }) =>
      `The private package ${name} is resolved by the dbt platform, which knows how to reach it.`,
    hint: () => 'write it as git: with the address that you clone from, and a revision.',
  }),
  'packages/template-in-dependencies': defineProblem<Record<never, never>>({
    actor: 'user',
    message: () => 'An entry of dependencies.yml holds a template, and dbt renders none there.',
    hint: () => 'list the packages in packages.yml instead; values there may be templates.',
  }),
  'packages/not-in-hub': defineProblem<{
    package: string
    hub: string
    nearest: string | undefined
  }>({
    actor: 'user',
    message: ({ package: name, hub }) => `The package hub ${hub} has no package ${name}.`,
    hint: ({ nearest }) =>
      nearest === undefined
        ? 'a name has two parts, as in dbt-labs/dbt_utils.'
        : `did you mean ${nearest}?`,
  }),
  'packages/no-version': defineProblem<{
    package: string
    wanted: readonly string[]
    available: readonly string[]
  }>({
    actor: 'user',
    message: ({ package: name, wanted, available }) =>
      `No version of ${name} fits ${wanted.join(' and ')}; there are ${available.join(', ') || 'none'}.`,
    hint: () =>
      'widen the range; `install_prerelease: true` also admits versions such as 2.0.0-rc1.',
  }),
  'packages/conflict': defineProblem<{ package: string; wanted: readonly string[] }>({
    actor: 'user',
    message: ({ package: name, wanted }) =>
      `Nothing can satisfy all who ask for ${name}: ${wanted.join('; ')}.`,
    hint: () => 'change what this project asks for, or take another version of who else asks.',
  }),
  'packages/duplicate-project': defineProblem<{ project: string; packages: readonly string[] }>({
    actor: 'user',
    message: ({ project, packages }) =>
      `${packages.join(' and ')} are both the project ${project}; only one can be installed.`,
    hint: () => 'list it once. A package may list it too: then leave that one to the package.',
  }),
  'packages/same-as-root': defineProblem<{ project: string; package: string }>({
    actor: 'user',
    message: ({ project, package: name }) => `${name} has the name of this project, ${project}.`,
    hint: () => 'rename this project in dbt_project.yml, or take the package out.',
  }),
  'packages/no-project': defineProblem<{ package: string; reason: string }>({
    actor: 'user',
    message: ({ package: name, reason }) => `${name} is no package: ${reason}.`,
    hint: () =>
      'a package is a folder with a dbt_project.yml that has a name; of a larger repository name the subdirectory:.',
  }),
  'packages/unreachable': defineProblem<{ url: string; reason: string }>({
    actor: 'outside',
    message: ({ url, reason }) => `${url} cannot be had: ${reason}.`,
    hint: () => vendoredHint,
  }),
  'packages/refused': defineProblem<{ url: string; status: number }>({
    actor: 'user',
    message: ({ url, status }) => `${url} answered with HTTP ${status}.`,
    hint: () => 'check the address and, if it needs any, the credentials.',
  }),
  'packages/absent': defineProblem<{ url: string }>({
    actor: 'user',
    message: ({ url }) => `There is nothing at ${url}.`,
    hint: () => 'check the address.',
  }),
  'packages/too-large': defineProblem<{ url: string; maxBytes: number }>({
    actor: 'user',
    message: ({ url, maxBytes }) =>
      `${url} has more than ${maxBytes} bytes, too many for a package.`,
    hint: () => 'check the address; a package of that size can be named with local: or git:.',
  }),
  'packages/bad-answer': defineProblem<{ url: string; reason: string }>({
    actor: 'outside',
    message: ({ url, reason }) => `${url} answered with something else than a package: ${reason}.`,
    hint: () => vendoredHint,
  }),
  'packages/checksum': defineProblem<{ url: string; wanted: string; found: string }>({
    actor: 'outside',
    message: ({ url, wanted, found }) =>
      `${url} is not what the hub recorded: its checksum is ${found}, not ${wanted}.`,
    hint: () =>
      'its author may have moved a tag, or somebody changed it: take another version, or name the repository with git: once you have looked at it.',
    retryable: false,
  }),
  'packages/bad-archive': defineProblem<{ package: string; reason: string }>({
    actor: 'user',
    message: ({ package: name, reason }) => `The archive of ${name} is refused: ${reason}.`,
    hint: () => 'nothing of it was installed. A package is a .tar.gz with one folder in it.',
  }),
  'packages/no-git': defineProblem<Record<never, never>>({
    actor: 'user',
    message: () => 'A package comes from git, and there is no git command.',
    hint: () => 'install git, or name the package by package:, tarball: or local:.',
  }),
  'packages/git-failed': defineProblem<{ url: string; reason: string }>({
    actor: 'outside',
    message: ({ url, reason }) => `git cannot fetch ${url}: ${reason}`,
    hint: () => `check the address and that git may read it. Else ${vendoredHint}`,
  }),
  'packages/no-revision': defineProblem<{
    url: string
    revision: string
    nearest: string | undefined
  }>({
    actor: 'user',
    message: ({ url, revision }) => `${url} has no branch, tag or commit ${revision}.`,
    hint: ({ nearest }) =>
      nearest === undefined
        ? 'quote revisions that look like numbers, as in "1.10".'
        : `did you mean ${nearest}?`,
  }),
  'packages/bad-lock': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `The lock file cannot be used: ${reason}.`,
    hint: () => '`millrace deps --upgrade` writes it anew.',
  }),
  'packages/version-differs': defineProblem<{ project: string; installed: string; locked: string }>(
    {
      actor: 'user',
      message: ({ project, installed, locked }) =>
        `The package ${project} is installed as ${installed}, and package-lock.yml says ${locked}.`,
      hint: () => 'run `millrace deps`.',
    },
  ),
  'packages/unsafe-folder': defineProblem<{ folder: string; reason: string }>({
    actor: 'user',
    message: ({ folder, reason }) =>
      `The packages would take the place of all that is in ${folder}, and ${reason}.`,
    hint: () => 'give them a folder of their own in packages-install-path of dbt_project.yml.',
  }),
  'packages/cannot-install': defineProblem<{ folder: string; reason: string }>({
    actor: 'user',
    message: ({ folder, reason }) => `The packages cannot be put into ${folder}: ${reason}`,
    hint: () => 'what was installed before is still there.',
  }),
}
