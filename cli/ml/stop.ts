/** `millrace ml stop`: ends a training job before its time. */
import { systemClock } from '../../core/clock.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { withSageMaker } from './clients.ts'
import { placesOf } from './options.ts'
import { recordTraining } from './record-training.ts'

export const mlStopCommand = defineCommand({
  command: 'stop [job]',
  describe: 'End a training job that runs, and wait until it has ended',
  builder: (yargs) =>
    yargs
      .positional('job', {
        type: 'string',
        default: 'latest',
        describe: 'Training job; latest is the newest that runs',
      })
      .example('$0 ml stop', 'the newest one that runs'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { model } = placesOf(config)
    const { resolveTraining } = await import('../../ml/training/list-trainings.ts')
    const { stopTraining } = await import('../../ml/training/stop-training.ts')
    const { followTraining } = await import('../../ml/training/follow-training.ts')
    return await withSageMaker(config, async ({ control }) => {
      const { TrainingJobName: name = '' } = await resolveTraining(
        control,
        model,
        args.job,
        'InProgress',
      )
      await stopTraining(control, name)
      const job = await withInterrupt((signal) =>
        followTraining(control, name, () => {}, { clock: systemClock, signal }),
      )
      process.stderr.write(`${name}: ${job.TrainingJobStatus}\n`)
      await recordTraining(config, job)
      return 0
    })
  },
})
