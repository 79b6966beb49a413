/** `millrace ml evaluate`: how good a trained model is, beside its baselines and what serves now. */
import type { Evaluation } from '../../ml/evaluation/evaluate.ts'
import { type FigureName, figureNames } from '../../ml/evaluation/figures.ts'
import type { Metrics } from '../../ml/evaluation/trained-model.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { formatOption } from '../options.ts'
import { type OutputRow, outputFormat, printRows } from '../output.ts'
import { withSageMaker } from './clients.ts'
import { withObjects } from './objects.ts'
import { trainedJobOption } from './options.ts'

export const mlEvaluateCommand = defineCommand({
  command: 'evaluate [job]',
  describe: 'How good a trained model is on its test rows, beside its baselines and the champion',
  builder: (yargs) =>
    yargs
      .positional('job', trainedJobOption)
      .option('format', formatOption)
      .example('$0 ml evaluate', 'the newest model, figure by figure'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { fetchTrained, judgeTraining } = await import('./judge-training.ts')
    return await withSageMaker(config, (clients) =>
      withObjects(config, async (objects) => {
        const fetched = await fetchTrained(config, clients, objects, args.job)
        const judged = await judgeTraining(config, clients, objects, fetched)
        const { trained, evaluation, verdict } = judged
        process.stderr.write(
          `${judged.name}: version ${trained.metrics.model_version}, ${evaluation.rows} test rows\n`,
        )
        const isTable = outputFormat(args.format) === 'table'
        printRows(rowsOf(trained.metrics, evaluation, isTable), args.format)
        process.stderr.write(`the gate: ${verdict.approval}: ${verdict.reason}\n`)
        return 0
      }),
    )
  },
})

const titles: Readonly<Record<FigureName, string>> = {
  roc_auc: 'ROC-AUC',
  pr_auc: 'PR-AUC',
  logloss: 'log loss',
  brier: 'Brier',
  ece: 'calibration error',
  lift_at_10: 'lift at 10 %',
}

/** A line a figure; on a terminal with its interval in words. */
function rowsOf(
  { test }: Metrics,
  { champion }: Evaluation,
  isTable: boolean,
): readonly OutputRow[] {
  return figureNames.map((name) => {
    const others = Object.entries(test.baselines).map(([baseline, figures]) => {
      return [baseline, shown(figures[name].value)] as const
    })
    const { value, low, high } = test.model[name]
    const measured = isTable
      ? { model: `${shown(value)} (${shown(low)} – ${shown(high)})` }
      : { model: value, low, high }
    const theirs = champion !== undefined && 'figures' in champion ? champion.figures[name] : null
    return {
      figure: isTable ? titles[name] : name,
      ...measured,
      champion: shown(theirs),
      ...Object.fromEntries(others),
    }
  })
}

function shown(value: number | null): number | null {
  return value === null ? null : Number(value.toFixed(4))
}
