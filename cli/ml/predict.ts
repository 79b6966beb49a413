/** `millrace ml predict`: one user's prediction, by the same way as the API's. */
import { ask } from '../../api/predictions/ask.ts'
import { openPredictionService } from '../../api/predictions/service.ts'
import { toJson } from '../../api/predictions/write-answer.ts'
import { openPostgresSource } from '../../api/sources/postgres-source.ts'
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import type { Prediction } from '../../core/contracts/predictor.ts'
import type { Log } from '../../core/log.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openContext, postgresUrlOf } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { printRows } from '../output.ts'
import { predictorsOf } from '../serve/predictors.ts'

export const mlPredictCommand = defineCommand({
  command: 'predict',
  describe: 'How likely a user is to buy, as GET /api/predictions answers it',
  builder: (yargs) =>
    yargs
      .option('user-id', {
        type: 'string', // a number would lose digits
        demandOption: true,
        describe: 'Of whom',
        requiresArg: true,
      })
      .option('reasons', { type: 'boolean', default: false, describe: 'Say what moved the score' })
      .option('json', { type: 'boolean', default: false, describe: "Print the API's JSON" })
      .example('$0 ml predict --user-id 123 --reasons', 'the score, and why it is that'),
  handler: async (args) => {
    const userId = userIdOf(args.userId)
    const { config, log } = openContext(args)
    const prediction = await withInterrupt((signal) =>
      predict(config, log, { userId, withReasons: args.reasons, signal }),
    )
    if (prediction === undefined) throw problem('api/unknown-user', { userId })
    if (args.json) process.stdout.write(`${toJson(prediction, Date.now())}\n`)
    else print(prediction)
    return 0
  },
})

function userIdOf(text: string): bigint {
  if (/^-?[0-9]{1,19}$/.test(text)) return BigInt(text)
  throw problem('cli/bad-arguments', {
    reason: `--user-id ${text} is not a whole number`,
    command: 'millrace ml predict',
  })
}

async function predict(
  config: Config,
  log: Log,
  asked: { readonly userId: bigint; readonly withReasons: boolean; readonly signal: AbortSignal },
): Promise<Prediction | undefined> {
  const url = await postgresUrlOf(config)
  const openPredictors = await predictorsOf(config, log)
  const { api, postgres } = config.settings
  const source = openPostgresSource({ url, schema: postgres.schema, maxConnections: 1 })
  const opened = openPredictors?.(source)
  try {
    const { predictor } = openPredictionService({
      source,
      predictors: opened?.predictors ?? [],
      settings: api.predictions,
      log,
      clock: systemClock,
      random: Math.random,
    })
    const { userId, ...options } = asked
    const of = { kind: 'users', userIds: [userId] } as const
    const [answer] = await ask(predictor, { of, withReasons: asked.withReasons }, options)
    return answer?.prediction
  } finally {
    opened?.close()
    await source.close()
  }
}

function print({ reasons, userId, ...prediction }: Prediction): void {
  const { score, modelName, modelVersion, source, computedAt, asOf } = prediction
  const row = {
    user_id: userId,
    score,
    model_name: modelName,
    model_version: modelVersion,
    source,
    as_of: asOf,
    computed_at: computedAt,
  }
  if (reasons === undefined) {
    printRows([row], undefined)
    return
  }
  if (process.stdout.isTTY) {
    printRows([row], 'table')
    process.stdout.write('\n')
    printRows(reasons, 'table', ['feature', 'value', 'contribution'])
  } else printRows([{ ...row, reasons }], 'ndjson')
}
