/** `millrace parse`: reads the whole project, lists what is wrong with it, and writes its manifest. */
import { performance } from 'node:perf_hooks'
import { defineCommand } from '../command.ts'
import { artifactFolders } from '../runner/artifact-options.ts'
import { openProjectGraph } from '../runner/open-project.ts'
import { selectionOptions } from '../runner/options.ts'
import { openProjectLog } from '../runner/project-log.ts'
import { openRunContext } from '../runner/run-context.ts'
import { writeKeptArtifacts } from '../runner/write-kept-artifacts.ts'

export const parseCommand = defineCommand({
  command: 'parse',
  describe: 'Read the project, list its problems, and write target/manifest.json',
  builder: (yargs) =>
    yargs
      .options(selectionOptions)
      .option('quiet', {
        type: 'boolean',
        alias: 'q',
        default: false,
        describe: 'Print nothing but errors',
      })
      .example(
        '$0 parse',
        'for tools that read target/manifest.json; nothing is compiled or built',
      ),
  handler: async (args) => {
    const started = performance.now()
    await using context = await openRunContext(args)
    const { config, database } = context
    const project = await openProjectGraph(config, args, database, { withMacros: true })
    const folders = artifactFolders(config, project.graph, args)
    const log = openProjectLog(folders, project)
    const macros = await writeKeptArtifacts(folders, project)
    const seconds = ((performance.now() - started) / 1_000).toFixed(2)
    const { nodes, sources } = project.graph
    const line = `Parsed ${nodes.size} nodes, ${sources.size} sources and ${macros} macros in ${seconds} s`
    log.line('info', line)
    if (!args.quiet) process.stderr.write(`${line}.\n`)
  },
})
