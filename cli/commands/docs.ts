/** `millrace docs`: what the project is and what is in the database, as artifacts and as a page. */
import type { Argv } from 'yargs'
import { defineCommand } from '../command.ts'
import type { GlobalOptions } from '../options.ts'
import { generateDocs } from '../runner/generate-docs.ts'
import { selectionOptions } from '../runner/options.ts'
import { readingOptions } from '../runner/reading.ts'
import { serveDocs } from '../runner/serve-docs.ts'

export const docsCommand = defineCommand({
  command: 'docs <action>',
  describe: 'Write the documentation of the project, or serve it on this machine',
  builder: (yargs: Argv<GlobalOptions>) =>
    yargs
      .positional('action', {
        choices: ['generate', 'serve'] as const,
        demandOption: true,
        describe: 'generate: manifest.json, catalog.json and index.html; serve: show them',
      })
      .options(selectionOptions)
      .options(readingOptions)
      .option('static', {
        type: 'boolean',
        default: false,
        describe: 'generate: also static_index.html, which holds everything in one file',
      })
      .option('compile', {
        type: 'boolean',
        default: true,
        describe: 'generate: compile the models first; not with --no-compile',
      })
      .option('empty-catalog', {
        type: 'boolean',
        default: false,
        describe: 'generate: ask nothing of the database',
      })
      .option('port', {
        type: 'number',
        default: 8080,
        describe: 'serve: port to listen on, 0: a free one',
        requiresArg: true,
      })
      .option('host', {
        type: 'string',
        default: '127.0.0.1',
        describe: 'serve: address to listen on',
        requiresArg: true,
      })
      .option('browser', {
        type: 'boolean',
        default: false,
        hidden: true, // dbt's --no-browser; none is ever opened
      })
      .example('$0 docs generate --static', 'target/static_index.html can be sent as it is')
      .example('$0 docs serve --port 8081', 'then open http://127.0.0.1:8081'),
  handler: (args) => (args.action === 'generate' ? generateDocs(args) : serveDocs(args)),
})
