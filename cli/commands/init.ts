/** `millrace init`: a new project that builds at once. */
import { defineCommand } from '../command.ts'
import { findProject } from '../find-project.ts'

export const initCommand = defineCommand({
  command: 'init [name]',
  describe: 'Write a new project that builds at once, or the profile of the one that is here',
  builder: (yargs) =>
    yargs
      .positional('name', {
        type: 'string',
        describe: 'Name of the project and of its folder: letters, digits and _',
      })
      .option('profile', {
        type: 'string',
        describe: 'Profile of an existing profiles.yml, instead of one of its own',
        requiresArg: true,
      })
      .option('profiles-dir', {
        type: 'string',
        describe: 'Folder of profiles.yml (default: DBT_PROFILES_DIR, then that of the project)',
        requiresArg: true,
      })
      .option('skip-profile-setup', {
        type: 'boolean',
        alias: 's',
        default: false,
        describe: 'Write no profiles.yml',
      })
      // Beside a millrace.yml alone, a new project stands where the command is started.
      .default('project-dir', findProject(process.cwd(), ['dbt_project.yml']))
      .example('$0 init shop', 'then: cd shop, millrace build'),
  handler: async (args) => {
    const { initProject } = await import('../init/init-project.ts')
    return await initProject(args)
  },
})
