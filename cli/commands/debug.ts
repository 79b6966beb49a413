/** `millrace debug`: where the project and its profile are, whether they are right, and whether the database opens. */
import { defineCommand } from '../command.ts'
import { projectOptions } from '../runner/options.ts'

export const debugCommand = defineCommand({
  command: 'debug',
  describe: 'Check versions, profile, project and connection; exit code 1 when a check fails',
  builder: (yargs) =>
    yargs
      .option('connection', {
        type: 'boolean',
        default: false,
        describe: 'Check the connection alone',
      })
      .option('config-dir', {
        type: 'boolean',
        default: false,
        describe: 'Print how to open the folder of profiles.yml, and check nothing',
      })
      .option('profile', {
        type: 'string',
        describe:
          'Profile of profiles.yml (default: DBT_PROFILE, then profile: of dbt_project.yml)',
        requiresArg: true,
      })
      .option('profiles-dir', {
        type: 'string',
        describe: 'Folder of profiles.yml (default: DBT_PROFILES_DIR, ., --project-dir, ~/.dbt)',
        requiresArg: true,
      })
      .option('vars', {
        type: 'string',
        describe: 'Values for var() in profiles.yml, as YAML or JSON',
        requiresArg: true,
      })
      .option('version-check', projectOptions['version-check'])
      .example('$0 debug', 'when a project does not find its database'),
  handler: async (args) => {
    const { debugProject } = await import('../runner/debug-project.ts')
    return await debugProject(args)
  },
})
