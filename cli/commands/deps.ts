/** `millrace deps`: installs the packages that a project lists. */
import { resolve } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { processEnvironment } from '../../core/config/environment.ts'
import { problem } from '../../core/problems.ts'
import { secretsOf } from '../../core/redact.ts'
import type { NewPackage } from '../../transform/packages/add-package.ts'
import { defineCommand } from '../command.ts'
import { withInterrupt } from '../interrupt.ts'
import { parseVars } from '../runner/options.ts'
import { type DepsPrinter, openDepsPrinter } from '../runner/print-deps.ts'

export const depsCommand = defineCommand({
  command: 'deps',
  describe: 'Install the packages that the project lists, as the lock file has them',
  builder: (yargs) =>
    yargs
      .option('upgrade', {
        type: 'boolean',
        default: false,
        describe: 'Take the newest versions that fit, whatever the lock file says',
      })
      .option('lock', {
        type: 'boolean',
        default: false,
        describe: 'Write package-lock.yml and install nothing',
      })
      .option('add-package', {
        type: 'string',
        describe: 'List a package first: name@version, or a folder with --source local',
        requiresArg: true,
      })
      .option('source', {
        choices: ['hub', 'git', 'local'] as const,
        default: 'hub' as const,
        describe: 'Where --add-package finds it',
        requiresArg: true,
      })
      .option('vars', {
        type: 'string',
        describe: 'Values for var() in packages.yml, as YAML or JSON',
        requiresArg: true,
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Print what would be installed and change nothing',
      })
      .example('$0 deps --add-package dbt-labs/dbt_utils@1.3.0', 'list it, lock it, install it'),
  handler: async (args) => {
    const { packageRenderer } = await import('../../transform/packages/render-value.ts')
    const { readDepsProject } = await import('../../transform/packages/project-name.ts')
    const { defaultHubUrl } = await import('../../transform/packages/hub.ts')
    const { runDeps } = await import('../../transform/packages/run-deps.ts')
    const environment = processEnvironment
    const projectDir = resolve(args.projectDir)
    const render = packageRenderer({ environment, vars: parseVars(args.vars) })
    const project = await readDepsProject(projectDir, render)
    const printer = openDepsPrinter()
    if (args.dryRun && args.addPackage !== undefined) {
      const reason = '--add-package changes packages.yml, which --dry-run does not.'
      throw problem('cli/bad-arguments', { reason, command: 'millrace deps' })
    }
    if (args.addPackage !== undefined) {
      await add(projectDir, args.addPackage, args.source, printer)
    }
    const only = args.dryRun ? 'plan' : args.lock ? 'lock' : undefined
    const hubUrl = environment['DBT_PACKAGE_HUB_URL'] || defaultHubUrl
    const request = { ...project, projectDir, hubUrl, upgrade: args.upgrade, only } as const
    try {
      const result = await withInterrupt(async (signal) => {
        const secrets = secretsOf(environment)
        const onEvent = printer.event
        return await runDeps(request, {
          render,
          secrets,
          environment,
          clock: systemClock,
          signal,
          onEvent,
        })
      })
      printer.finish(result, args.dryRun)
    } finally {
      printer.close()
    }
    return 0
  },
})

/** @throws `cli/bad-arguments` when a version is needed and missing */
async function add(
  projectDir: string,
  text: string,
  source: NewPackage['source'],
  printer: DepsPrinter,
): Promise<void> {
  const { addPackage, parseNewPackage } = await import('../../transform/packages/add-package.ts')
  const { readPackageList } = await import('../../transform/packages/read-list.ts')
  const wanted = parseNewPackage(text, source)
  if (wanted.version === undefined && source !== 'local') {
    const reason = `--add-package needs a version of ${text} when the source is ${source}: name@version.`
    throw problem('cli/bad-arguments', { reason, command: 'millrace deps' })
  }
  const place = { folder: projectDir, shown: '', isProject: true }
  const { file } = await readPackageList(place, undefined)
  printer.added(wanted, await addPackage(projectDir, file, wanted))
}
