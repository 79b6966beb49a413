/** `millrace features`: what the model learns from. */
import { defineCommand } from '../command.ts'

export const featuresCommand = defineCommand({
  command: 'features',
  describe: 'Check the features, and export them for training',
  builder: (yargs) =>
    yargs.example('$0 features export', 'labelled features of the newest build, to S3'),
  subcommands: {
    check: async () => (await import('../ml/features-check.ts')).featuresCheckCommand,
    export: async () => (await import('../ml/features-export.ts')).featuresExportCommand,
  },
  handler: async () => undefined, // one of them is demanded
})
