/** `millrace ml`: train, register, deploy, ask and watch the model. */
import { defineCommand } from '../command.ts'

export const mlCommand = defineCommand({
  command: 'ml',
  describe: 'Train, register, deploy, ask and watch the model',
  builder: (yargs) =>
    yargs.example('$0 ml train', 'a training job on the newest export of features'),
  subcommands: {
    train: async () => (await import('../ml/train.ts')).mlTrainCommand,
    stop: async () => (await import('../ml/stop.ts')).mlStopCommand,
    evaluate: async () => (await import('../ml/evaluate.ts')).mlEvaluateCommand,
    register: async () => (await import('../ml/register.ts')).mlRegisterCommand,
    deploy: async () => (await import('../ml/deploy.ts')).mlDeployCommand,
    promote: async () => (await import('../ml/promote.ts')).mlPromoteCommand,
    rollback: async () => (await import('../ml/rollback.ts')).mlRollbackCommand,
    predict: async () => (await import('../ml/predict.ts')).mlPredictCommand,
    score: async () => (await import('../ml/score.ts')).mlScoreCommand,
    monitor: async () => (await import('../ml/monitor.ts')).mlMonitorCommand,
    ls: async () => (await import('../ml/ls.ts')).mlLsCommand,
    show: async () => (await import('../ml/show.ts')).mlShowCommand,
    delete: async () => (await import('../ml/delete.ts')).mlDeleteCommand,
  },
  handler: async () => undefined, // one of them is demanded
})
