/** `millrace features check`: does a feature model read what was not known at its as-of instants? */
import { featureColumns, labelColumns } from '../../ml/features/described.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { profileOptions } from '../runner/options.ts'
import { openFeatureProject, requireNoLeaks } from './feature-project.ts'

export const featuresCheckCommand = defineCommand({
  command: 'check',
  describe: 'Refuse feature models that may know the future',
  builder: (yargs) =>
    yargs
      .option('vars', profileOptions.vars)
      .option('format', formatOption)
      .example('$0 features check', 'before a commit; `features export` does it too'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { project } = await openFeatureProject(config, args)
    requireNoLeaks(project)
    const rows = [...project.values()].flatMap((node) => {
      const [features, labels] = [featureColumns(node).length, labelColumns(node).length]
      return features + labels === 0 ? [] : [{ model: node.name, features, labels }]
    })
    printRows(rows, args.format, ['model', 'features', 'labels'])
    return 0
  },
})
