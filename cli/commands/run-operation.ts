/** `millrace run-operation`: call one macro of the project, or run one statement. */
import { defineCommand } from '../command.ts'
import { executeOperation, operationOptions } from '../runner/operation.ts'

export const runOperationCommand = defineCommand({
  command: 'run-operation [macro]',
  describe: 'Call a macro of the project, or of a package as <package>.<macro>',
  builder: (yargs) =>
    yargs
      .positional('macro', { type: 'string', describe: 'Name of the macro' })
      .options(operationOptions)
      .example(
        `$0 run-operation grant_all --args '{"role": "reader"}'`,
        'a macro with an argument',
      ),
  handler: (args) => executeOperation(args),
})
