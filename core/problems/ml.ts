/** Problems of trained models: reading one, and asking it. */
import { defineProblem } from './define.ts'

export const mlProblems = {
  'ml/model-damaged': defineProblem<{ file: string; reason: string }>({
    actor: 'user',
    message: ({ file, reason }) => `${file} of the model is damaged: ${reason}.`,
    hint: () => 'fetch the archive again; if it stays so, train the model again or deploy another.',
  }),
  'ml/model-version-unsupported': defineProblem<{
    file: string
    version: string
    supported: string
  }>({
    actor: 'user',
    message: ({ file, version, supported }) =>
      `${file} of the model has version ${version}; what can be read here is ${supported}.`,
    hint: () => 'train it with a version that can be read, or ask its endpoint instead.',
  }),
  'ml/model-unsupported': defineProblem<{ what: string; found: string; supported: string }>({
    actor: 'user',
    message: ({ what, found, supported }) =>
      `The model has ${what} ${found}; what can be evaluated here is ${supported}.`,
    hint: () => 'ask its endpoint instead, or train it as ml/image does.',
  }),
  'ml/model-feature-count': defineProblem<{ trained: number; named: number }>({
    actor: 'user',
    message: ({ trained, named }) =>
      `model.json takes ${trained} features and serving.json names ${named}: they are not of one model.`,
    hint: () => 'take both from the same archive.',
  }),
  'ml/unknown-feature': defineProblem<{ feature: string; nearest?: string | undefined }>({
    actor: 'user',
    message: ({ feature }) => `${feature} is not a feature of this model.`,
    hint: ({ nearest }) => (nearest === undefined ? 'leave it out.' : `did you mean ${nearest}?`),
    httpStatus: 400,
  }),
  'ml/not-a-feature-value': defineProblem<{ feature: string; value: number }>({
    actor: 'user',
    message: ({ feature, value }) => `${feature} is ${value}; it must be a number of 32 bits.`,
    hint: () => 'send null for what is not known.',
    httpStatus: 400,
  }),
  'ml/row-width': defineProblem<{ values: number; features: number }>({
    actor: 'us',
    message: ({ values, features }) =>
      `${values} values are no whole number of rows of ${features} features.`,
  }),
  'ml/artifact-missing': defineProblem<{ uri: string }>({
    actor: 'user',
    message: ({ uri }) => `There is nothing at ${uri}, where the model should be.`,
    hint: () => 'deploy a version whose archive still exists: `millrace ml ls`.',
  }),
  'ml/nothing-deployed': defineProblem<{ endpoint: string }>({
    actor: 'user',
    message: ({ endpoint }) => `Endpoint ${endpoint} serves no model.`,
    hint: () => 'deploy one with `millrace ml deploy`, or name another in ml.endpoint_name.',
  }),
  'ml/no-features': defineProblem<{ table: string; reason: string }>({
    actor: 'user',
    message: ({ table, reason }) => `There are no features in ${table}: ${reason}.`,
    hint: () => 'build them: `millrace build --select +user_purchase_features_latest`.',
    httpStatus: 503,
  }),
  'ml/features-differ': defineProblem<{ table: string; missing: readonly string[]; model: string }>(
    {
      actor: 'user',
      message: ({ table, missing, model }) =>
        `${table} lacks ${missing.join(', ')}, which ${model} takes.`,
      hint: () => 'build the features of this model, or train a model on the features there are.',
      httpStatus: 503,
    },
  ),
  'ml/no-reference': defineProblem<{ model: string; reason: string }>({
    actor: 'user',
    message: ({ model, reason }) =>
      `serving.json of ${model} cannot tell how its features were spread: ${reason}.`,
    hint: () => 'train it as ml/image does, which writes that down.',
  }),
  'ml/sagemaker-unreachable': defineProblem<{ operation: string; reason: string }>({
    actor: 'outside',
    message: ({ operation, reason }) => `SageMaker could not ${operation}: ${reason}`,
    hint: () => 'try again; `millrace status` shows whether the local stand-in runs.',
  }),
  'ml/refused': defineProblem<{ operation: string; reason: string }>({
    actor: 'user',
    message: ({ operation, reason }) => `SageMaker refused to ${operation}: ${reason}`,
    hint: () =>
      'the settings sagemaker.* and ml.* say what is asked for; `millrace config` shows them.',
  }),
  'ml/no-credentials': defineProblem<{ operation: string }>({
    actor: 'user',
    message: ({ operation }) => `There are no AWS credentials to ${operation} with.`,
    hint: () => 'set s3.access_key_id and s3.secret_access_key, or give the process a role.',
  }),
  'ml/instance-not-allowed': defineProblem<{ instanceType: string; allowed: readonly string[] }>({
    actor: 'user',
    message: ({ instanceType, allowed }) =>
      `${instanceType} is not allowed here: ml.allowed_instance_types has ${allowed.join(', ') || 'nothing'}. Nothing was asked for.`,
    hint: () => 'take one of those, or add it to the setting where it is worth its price.',
  }),
  'ml/run-too-long': defineProblem<{ seconds: number; allowed: number }>({
    actor: 'user',
    message: ({ seconds, allowed }) =>
      `A training job of ${seconds} s is not allowed here: ml.max_run_seconds is ${allowed}. Nothing was asked for.`,
    hint: () => 'ask for less, or raise the setting.',
  }),
  'ml/not-whole-seconds': defineProblem<{ seconds: number }>({
    actor: 'user',
    message: ({ seconds }) => `A training job cannot run for ${seconds} s. Nothing was asked for.`,
    hint: () => '--max-run-seconds takes whole seconds, 1 or more.',
  }),
  'ml/credentials-refused': defineProblem<{ operation: string; reason: string }>({
    actor: 'user',
    message: ({ operation, reason }) =>
      `SageMaker does not take the credentials to ${operation} with: ${reason}`,
    hint: () =>
      'sign in again (`aws sso login`), or set s3.access_key_id and s3.secret_access_key anew; a wrong clock does it too.',
  }),
  'ml/not-a-hyperparameter': defineProblem<{ text: string }>({
    actor: 'user',
    message: ({ text }) => `${text} sets no hyperparameter.`,
    hint: () => 'write name=value, as in --set eta=0.1.',
  }),
  'ml/no-export': defineProblem<{ what: string }>({
    actor: 'user',
    message: ({ what }) => `There is no export of features ${what}.`,
    hint: () => '`millrace features export` makes one.',
  }),
  'ml/export-unreadable': defineProblem<{ uri: string; reason: string }>({
    actor: 'user',
    message: ({ uri, reason }) => `${uri} is not as an export writes it: ${reason}.`,
    hint: () => 'export the features anew: `millrace features export`.',
  }),
  'ml/training-differs': defineProblem<{ job: string; differences: readonly string[] }>({
    actor: 'user',
    message: ({ job, differences }) =>
      `There is a training job ${job}, and it is another one:\n${differences.map((one) => `    ${one}`).join('\n')}`,
    hint: () => 'give another --name, or the same settings to follow the one that is there.',
  }),
  'ml/training-failed': defineProblem<{ job: string; reason: string }>({
    actor: 'model',
    message: ({ job, reason }) => `Training job ${job} failed: ${reason}`,
    hint: () => 'mend what it says and train again; what serves now goes on serving.',
  }),
  'ml/training-broke': defineProblem<{ job: string; reason: string }>({
    actor: 'outside',
    message: ({ job, reason }) => `Training job ${job} failed, and not by its own fault: ${reason}`,
    hint: () => 'train again: the same command starts a new job.',
  }),
  'ml/training-stopped': defineProblem<{ job: string; reason: string }>({
    actor: 'model',
    message: ({ job, reason }) =>
      `Training job ${job} was stopped before it had a model: ${reason}.`,
    hint: () => 'train again; a longer time is ml.max_run_seconds or --max-run-seconds.',
  }),
  'ml/training-goes-on': defineProblem<{ job: string }>({
    actor: 'outside',
    message: ({ job }) => `Training job ${job} goes on; only the watching of it has ended.`,
    hint: ({ job }) =>
      `\`millrace ml stop ${job}\` ends it, the same \`millrace ml train\` watches it again.`,
  }),
  'ml/no-training': defineProblem<{ what: string }>({
    actor: 'user',
    message: ({ what }) => `There is no ${what}.`,
    hint: () => '`millrace ml ls trainings` lists them, `millrace ml train` makes one.',
  }),
  'ml/other-model': defineProblem<{ job: string; of: string; model: string }>({
    actor: 'user',
    message: ({ job, of, model }) =>
      `Training job ${job} trained ${of}, and ml.model_name is ${model}.`,
    hint: () => 'name a job of this model: `millrace ml ls trainings` lists them.',
  }),
  'ml/not-trained': defineProblem<{ job: string; status: string }>({
    actor: 'user',
    message: ({ job, status }) => `Training job ${job} has no model: it is ${status}.`,
    hint: () => '`millrace ml ls trainings` shows which have one.',
  }),
  'ml/unknown-version': defineProblem<{ model: string; version: string }>({
    actor: 'user',
    message: ({ model, version }) => `${model} has no version ${version}.`,
    hint: () => '`millrace ml ls` lists them.',
  }),
  'ml/no-version': defineProblem<{ model: string; which: string }>({
    actor: 'user',
    message: ({ model, which }) => `${model} has no ${which}version.`,
    hint: () => '`millrace ml ls` lists them; `millrace ml register` makes one of a training job.',
  }),
  'ml/not-approved': defineProblem<{ version: number; approval: string; reason: string }>({
    actor: 'model',
    message: ({ version, approval, reason }) =>
      `Version ${version} is ${approval}, not Approved${reason === '' ? '' : `: ${reason}`}`,
    hint: ({ version }) => `\`millrace ml promote ${version} --reason …\` approves it by hand.`,
  }),
  'ml/not-deployable': defineProblem<{ version: number }>({
    actor: 'user',
    message: ({ version }) =>
      `Version ${version} is of SageMaker’s XGBoost as it is (ml.algorithm: builtin): it has no serving.json, so \`ml score\`, \`ml monitor\`, the API and the gate could not read what serves.`,
    hint: () =>
      'train with ml.algorithm image or script, which write it; such a version can only be trained, registered and looked at.',
  }),
  'ml/rollback-goes-on': defineProblem<{ endpoint: string; version: number }>({
    actor: 'outside',
    message: ({ endpoint, version }) => `Endpoint ${endpoint} goes on to version ${version}.`,
    hint: () =>
      '`millrace ml show` tells when it is there; another roll-back would go one further back.',
  }),
  'ml/endpoint-busy': defineProblem<{ endpoint: string; status: string }>({
    actor: 'outside',
    message: ({ endpoint, status }) =>
      `Endpoint ${endpoint} is ${status}; somebody else is changing it.`,
    hint: () => 'try again when it is InService; `millrace ml show` tells.',
  }),
  'ml/endpoint-unusable': defineProblem<{ endpoint: string; status: string }>({
    actor: 'user',
    message: ({ endpoint, status }) =>
      `Endpoint ${endpoint} is ${status}; SageMaker changes no such endpoint.`,
    hint: () =>
      '`millrace ml deploy <version>` replaces one that has Failed; `millrace ml delete --endpoint --yes` deletes any.',
  }),
  'ml/deploy-failed': defineProblem<{ version: number; reason: string; serves: string }>({
    actor: 'model',
    message: ({ version, reason, serves }) =>
      `Version ${version} was not deployed: ${reason}\n  ${serves}`,
    hint: () => 'mend what it says, train and register again; the version stays registered.',
  }),
  'ml/deploy-unfinished': defineProblem<{ endpoint: string; status: string; seconds: number }>({
    actor: 'outside',
    message: ({ endpoint, status, seconds }) =>
      `Endpoint ${endpoint} is still ${status} after ${seconds} s.${status === 'Deleting' ? '' : ' What served before goes on serving.'}`,
    hint: ({ status }) =>
      status === 'Deleting'
        ? '`millrace ml show` tells when it is gone; a longer wait is ml.deploy_timeout_seconds.'
        : 'it goes on: the same `millrace ml deploy` waits for it again, asks it, and takes it back when it fails; a longer wait is ml.deploy_timeout_seconds.',
  }),
  'ml/deploy-goes-on': defineProblem<{ endpoint: string }>({
    actor: 'outside',
    message: ({ endpoint }) =>
      `The deployment to endpoint ${endpoint} goes on, and nobody asks it whether it answers as it should.`,
    hint: () => 'the same command waits for it again, asks it, and takes it back when it fails.',
  }),
  'ml/nothing-before': defineProblem<{ endpoint: string }>({
    actor: 'user',
    message: ({ endpoint }) => `Endpoint ${endpoint} has served nothing before what it serves now.`,
    hint: () => '`millrace ml deploy <version>` deploys another version.',
  }),
  'ml/version-serves': defineProblem<{ version: number; endpoint: string }>({
    actor: 'user',
    message: ({ version, endpoint }) => `Version ${version} serves endpoint ${endpoint}.`,
    hint: () =>
      'deploy another one first, or delete the endpoint: `millrace ml delete --endpoint`.',
  }),
  'ml/label-in-features': defineProblem<{
    model: string
    what: string
    way: readonly string[]
  }>({
    actor: 'user',
    message: ({ model, what, way }) =>
      `Feature model ${model} reads ${what}${way.length > 1 ? ` (${way.join(' ← ')})` : ''}: a feature would know what it is to foretell.`,
    hint: () => 'read only what happened before as_of; labels belong into a model of their own.',
  }),
  'ml/looks-ahead': defineProblem<{ model: string; what: string }>({
    actor: 'user',
    message: ({ model, what }) =>
      `Feature model ${model} has \`${what}\`: what comes after an instant is not known at it.`,
    hint: () => 'features look back from as_of; what looks ahead belongs into a model of labels.',
  }),
  'ml/clock-in-features': defineProblem<{ model: string; what: string; way: readonly string[] }>({
    actor: 'user',
    message: ({ model, what, way }) =>
      `Feature model ${model} uses ${what}${way.length > 1 ? ` (${way.join(' ← ')})` : ''}: its rows would depend on the day on which it is built.`,
    hint: () => 'measure from as_of instead.',
  }),
  'ml/not-point-in-time': defineProblem<{ model: string; upstream: string }>({
    actor: 'user',
    message: ({ model, upstream }) =>
      `Feature model ${model} reads ${upstream}, which does not say since when its rows are known.`,
    hint: ({ upstream }) =>
      `read events with their landing time instead; or, if no row of ${upstream} ever tells of what came after as_of, say meta: {point_in_time: <why>} in its yml.`,
  }),
  'ml/no-feature-model': defineProblem<{
    model: string
    kind: 'feature' | 'label'
    nearest?: string | undefined
  }>({
    actor: 'user',
    message: ({ model, kind }) =>
      `${model} is no model with ${kind}s: none has this name and columns with ${kind} in their meta.`,
    hint: ({ nearest }) =>
      nearest === undefined ? 'see docs/reference/features.md.' : `did you mean ${nearest}?`,
  }),
  'ml/other-sql': defineProblem<{
    models: readonly string[]
    others: readonly string[]
    isIncremental: boolean
  }>({
    actor: 'user',
    message: ({ models, others }) =>
      `The rows of ${models.join(' and ')} were not made of the SQL that the project has now:\n${others.map((one) => `    ${one}`).join('\n')}`,
    hint: ({ models, isIncremental }) =>
      `build them: \`millrace build --select ${models.map((one) => `+${one}`).join(' ')}${isIncremental ? ' --full-refresh' : ''}\`; or export a snapshot of the past with --snapshot, whose manifest then says so.`,
  }),
  'ml/sql-doubtful': defineProblem<{ doubts: readonly string[] }>({
    actor: 'user',
    message: ({ doubts }) =>
      `The hash of the SQL may not be that of the SQL which made the rows: ${doubts.join('; ')}.`,
    hint: () =>
      'manifest.json says so too; a full refresh of features and labels makes it certain.',
  }),
  'ml/features-missing': defineProblem<{ table: string; missing: readonly string[] }>({
    actor: 'user',
    message: ({ table, missing }) => `${table} lacks ${missing.join(', ')}, which its yml names.`,
    hint: () => 'build it again, with --full-refresh when features were added.',
  }),
  'ml/feature-not-a-number': defineProblem<{ table: string; others: readonly string[] }>({
    actor: 'user',
    message: ({ table, others }) => `Features of ${table} are no numbers: ${others.join(', ')}.`,
    hint: () =>
      'make numbers of them in SQL, as in `x::int`, or take their `meta: {feature: …}` away.',
  }),
  'ml/feature-not-finite': defineProblem<{ table: string; features: string; asOf: string }>({
    actor: 'user',
    message: ({ table, features, asOf }) =>
      `Not every value of ${features} in ${table} at ${asOf} is a finite number of 32 bits.`,
    hint: () => 'NULL is what is not known: divide by `nullif(…, 0)`, as an example.',
  }),
  'ml/mixed-horizons': defineProblem<{ table: string; days: readonly number[] }>({
    actor: 'user',
    message: ({ table, days }) =>
      `${table} has labels of several horizons: ${days.join(', ')} days.`,
    hint: () => 'build it again with --full-refresh after changing purchase_horizon_days.',
  }),
  'ml/history-too-short': defineProblem<{
    instants: number
    everyDays: number
    horizonDays: number
    warmUpDays: number
  }>({
    actor: 'user',
    message: ({ instants, everyDays, horizonDays, warmUpDays }) =>
      `There are ${instants} as-of instants with labels, ${everyDays} days apart and ${warmUpDays} days after the first one; training, validation and test need one each, ${horizonDays} days apart.`,
    hint: () =>
      'wait for more history, or lower --warm-up-days or --every-days; `millrace build` makes features and labels.',
  }),
}
