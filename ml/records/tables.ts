/**
 * What is written down of models, in schema `ops` of the lake. Rows are only ever added; a later row of the same
 * thing says more of it. What later releases add to a table comes last, and is added to tables that are there.
 */

const timestamp = 'timestamptz'

export const recordTables = {
  /** One row an export of features. */
  ml_exports: {
    export_id: 'varchar',
    uri: 'varchar',
    snapshot_id: 'bigint',
    sql_hash: 'varchar',
    features: 'bigint',
    train_rows: 'bigint',
    validation_rows: 'bigint',
    test_rows: 'bigint',
    positives: 'bigint',
    as_of_from: timestamp,
    as_of_to: timestamp,
    bytes: 'bigint',
    elapsed_ms: 'double',
    exported_at: timestamp,
  },
  /** One row when a job was asked for, one when it ended. */
  ml_trainings: {
    training_job: 'varchar',
    model_name: 'varchar',
    status: 'varchar',
    failure_reason: 'varchar',
    export_uri: 'varchar',
    snapshot_id: 'bigint',
    sql_hash: 'varchar',
    git_sha: 'varchar',
    image_uri: 'varchar',
    instance_type: 'varchar',
    /** JSON. */
    hyperparameters: 'varchar',
    artifact_uri: 'varchar',
    /** JSON: name → value, as the job printed them. */
    metrics: 'varchar',
    seconds: 'double',
    recorded_at: timestamp,
  },
  /** One row an evaluation of a trained model on its own test rows, beside the champion where there was one. */
  ml_evaluations: {
    training_job: 'varchar',
    model_name: 'varchar',
    model_version: 'varchar',
    test_rows: 'bigint',
    roc_auc: 'double',
    pr_auc: 'double',
    log_loss: 'double',
    brier: 'double',
    ece: 'double',
    lift_at_10_percent: 'double',
    champion_version: 'varchar',
    champion_log_loss: 'double',
    /** Log loss of the champion minus that of the challenger, and its 95 % interval: above 0 the challenger wins. */
    improvement: 'double',
    improvement_low: 'double',
    improvement_high: 'double',
    /** metrics.json of the model. */
    metrics: 'varchar',
    evaluated_at: timestamp,
  },
  /** One row when a version is registered, one when its approval changes, one when it is deleted. */
  ml_models: {
    model_name: 'varchar',
    version: 'bigint',
    model_package_arn: 'varchar',
    model_version: 'varchar',
    /** Of the registry: Approved, Rejected or PendingManualApproval; or Deleted. */
    approval: 'varchar',
    reason: 'varchar',
    training_job: 'varchar',
    artifact_uri: 'varchar',
    snapshot_id: 'bigint',
    sql_hash: 'varchar',
    git_sha: 'varchar',
    log_loss: 'double',
    roc_auc: 'double',
    recorded_at: timestamp,
  },
  /** One row whenever an endpoint was made, changed or deleted, or that failed. */
  ml_deployments: {
    endpoint_name: 'varchar',
    /** deploy, rollback or delete. */
    action: 'varchar',
    /** done, rolled-back, failed, stuck (it serves none the less) or unfinished (nobody waited for its end). */
    outcome: 'varchar',
    reason: 'varchar',
    version: 'bigint',
    model_package_arn: 'varchar',
    model_version: 'varchar',
    endpoint_config: 'varchar',
    previous_endpoint_config: 'varchar',
    seconds: 'double',
    recorded_at: timestamp,
  },
  /** One row a run of batch scores. */
  ml_score_runs: {
    run_id: 'varchar',
    model_name: 'varchar',
    model_version: 'varchar',
    as_of: timestamp,
    rows_scored: 'bigint',
    mean_score: 'double',
    rows_published: 'bigint',
    outcome: 'varchar',
    reason: 'varchar',
    elapsed_ms: 'double',
    scored_at: timestamp,
  },
  /** One row a check of a run of the monitor. */
  ml_monitor_runs: {
    run_id: 'varchar',
    model_name: 'varchar',
    model_version: 'varchar',
    check_name: 'varchar',
    /** The feature, or the score. */
    subject: 'varchar',
    value: 'double',
    warn_at: 'double',
    alarm_at: 'double',
    severity: 'varchar',
    message: 'varchar',
    checked_at: timestamp,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ColumnType>>>>

type ColumnType = 'varchar' | 'bigint' | 'double' | 'timestamptz'

export type RecordTable = keyof typeof recordTables

type ValueOf<Type> = Type extends 'bigint'
  ? number | bigint
  : Type extends 'double'
    ? number
    : string

/** A row of a table; what is left out is NULL. Times are ISO 8601 with `Z`. */
export type RecordRow<Table extends RecordTable> = {
  readonly [Column in keyof (typeof recordTables)[Table]]?:
    | ValueOf<(typeof recordTables)[Table][Column]>
    | undefined
}
