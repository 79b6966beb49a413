/** `millrace clean`: removes what commands have made, the folders of `clean-targets`. */
import { rm, stat } from 'node:fs/promises'
import { processEnvironment } from '../../core/config/environment.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { parseVars } from '../runner/options.ts'

export const cleanCommand = defineCommand({
  command: 'clean',
  describe: 'Remove the folders of clean-targets: what was made, never what was written',
  builder: (yargs) =>
    yargs
      .option('clean-project-files-only', {
        type: 'boolean',
        describe: 'Remove nothing outside the project (the default); not with --no-…',
      })
      .option('target-path', {
        type: 'string',
        describe: 'Folder of artifacts, which is removed when there are no clean-targets',
        requiresArg: true,
      })
      .option('vars', {
        type: 'string',
        describe: 'Values for var() in clean-targets, as YAML or JSON',
        requiresArg: true,
      })
      .example('$0 clean', 'target/ and what else clean-targets of dbt_project.yml name'),
  handler: async (args) => {
    const environment = processEnvironment
    const { cleanPaths } = await import('../runner/clean-paths.ts')
    const paths = await cleanPaths({
      projectDir: args.projectDir,
      targetPath: args.targetPath ?? (environment['DBT_TARGET_PATH'] || undefined),
      onlyProject: args.cleanProjectFilesOnly ?? isOnlyProject(environment),
      environment,
      vars: parseVars(args.vars),
    })
    for (const path of paths) {
      process.stdout.write(`Checking ${path}/*\n`)
      if ((await stat(path).catch(() => undefined)) === undefined) continue
      await rm(path, { recursive: true, force: true }).catch((cause: unknown) => {
        throw problem('cli/cannot-write', { file: path, reason: messageOf(cause) }, { cause })
      })
      process.stdout.write(`Cleaned ${path}/*\n`)
    }
    process.stdout.write('Finished cleaning all paths.\n')
    return 0
  },
})

function isOnlyProject(environment: Readonly<Record<string, string | undefined>>): boolean {
  const text = environment['DBT_CLEAN_PROJECT_FILES_ONLY'] ?? ''
  return !/^(false|f|0|no|n|off)$/i.test(text)
}
