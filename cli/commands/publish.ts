/** `millrace publish`: built tables of the lake into PostgreSQL, without building them again. */
import { hasSnapshot } from '../../core/clients/lake/snapshots.ts'
import type { Lake } from '../../core/clients/lake.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openConfiguredLake, openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { formatCount, openProgress } from '../progress.ts'
import { openProject } from '../runner/open-project.ts'
import { openSelection } from '../runner/open-selection.ts'
import { selectionOptions } from '../runner/options.ts'
import { assertPublishable, publishBuilt, wantsPublishing } from '../runner/publish-built.ts'
import { reportWarnings } from '../runner/warnings.ts'

export const publishCommand = defineCommand({
  command: 'publish',
  describe: 'Built tables into PostgreSQL, all at one instant',
  builder: (yargs) =>
    yargs
      .options(selectionOptions)
      .option('snapshot', {
        type: 'number',
        describe: 'Of the lake (default: the newest)',
        requiresArg: true,
      })
      .option('format', formatOption)
      .example('$0 publish --select marts', 'the models of a folder that say `publish`'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { graph, rules } = await openProject(config, args)
    await assertPublishable(graph)
    const { selectNodes } = await import('../../transform/index.ts')
    const { nodes, warnings } = selectNodes(graph, await openSelection(graph, config, args))
    reportWarnings(warnings, rules)
    const models = nodes.flatMap((node) =>
      node.kind === 'model' && wantsPublishing(node) ? [node] : [],
    )
    if (models.length === 0) {
      const reason = 'no model of the selection has publish settings'
      throw problem('cli/bad-arguments', { reason, command: 'millrace publish' })
    }
    return await withInterrupt(async (signal) => {
      await using lake = await openConfiguredLake(config, { readOnly: true })
      if (args.snapshot !== undefined) await assertSnapshot(lake, args.snapshot)
      const progress = openProgress(process.stderr)
      try {
        const results = await publishBuilt(config, lake, graph, models, {
          snapshot: args.snapshot,
          signal,
          onProgress: ({ model, step, rows }) =>
            progress.update(`publishing ${model}: ${step}, ${formatCount(rows)} rows`),
        })
        progress.clear()
        printRows(
          results.map(({ elapsedMs, ...result }) => ({
            ...result,
            elapsed_ms: Math.round(elapsedMs),
          })),
          args.format,
        )
        return 0
      } finally {
        progress.clear()
      }
    })
  },
})

async function assertSnapshot(lake: Lake, snapshot: number): Promise<void> {
  const isOne = Number.isSafeInteger(snapshot) && snapshot >= 0
  const { catalog } = lake.options
  if (isOne && (await lake.read((connection) => hasSnapshot(connection, catalog, snapshot)))) return
  throw problem('lake/unknown-snapshot', { at: String(snapshot) })
}
