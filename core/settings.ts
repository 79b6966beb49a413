/**
 * Every setting of Millrace: name, type, default, meaning. The names are the same in `millrace.yml`, in
 * `MILLRACE_*` variables (`kafka.brokers` is `MILLRACE_KAFKA_BROKERS`) and in the code.
 */
import { z } from 'zod'
import { Secret } from './secret.ts'

const secret = z.union([z.instanceof(Secret), z.string().transform((text) => new Secret(text))])
const port = z.coerce.number().int().min(0).max(65_535)
const count = z.coerce.number().int().positive()
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
const list = z.union([
  z.array(z.string().min(1)),
  z.string().transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  ),
])

const s3Uri = z
  .string()
  .regex(/^s3:\/\/[a-z0-9][a-z0-9.-]+(\/.*)?$/, 'it has to look like s3://bucket/prefix')
/** A date follows it in the names of jobs, and SageMaker takes 63 characters. */
const modelName = z
  .string()
  .regex(
    /^[a-zA-Z0-9](-?[a-zA-Z0-9])*$/,
    'letters, digits and single hyphens, a letter or digit at both ends',
  )
  .max(40)
const instanceType = z.string().regex(/^ml\./, 'it has to look like ml.m5.large')

export const settingsSchema = z.strictObject({
  services: z
    .enum(['local', 'external', 'containers'])
    .default('local')
    .describe(
      'Where Kafka, S3 and PostgreSQL come from: processes of `millrace up`, addresses given here, or containers',
    ),
  state_dir: z
    .string()
    .default('.millrace')
    .describe('Data, logs and pid files of the local services'),
  cache_dir: z
    .string()
    .optional()
    .describe('Downloads kept by version; default ~/.cache/millrace (as root /var/cache/millrace)'),
  log_level: z
    .enum(['silent', 'error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('Least severe log line to print'),
  local: z
    .strictObject({
      kafka_port: port
        .default(29_092)
        .describe('Port of the local broker; another is taken when it is in use'),
      kafka_controller_port: port.default(29_093).describe('Port of the local KRaft controller'),
      s3_port: port.default(29_000).describe('Port of the local S3 server'),
      postgres_port: port.default(25_432).describe('Port of the local PostgreSQL'),
      sagemaker_port: port.default(28_080).describe('Port of the local stand-in for SageMaker'),
    })
    .prefault({})
    .describe('The services of this laptop'),
  kafka: z
    .strictObject({
      brokers: list.optional().describe('host:port of the brokers to start from'),
      client_id: z.string().default('millrace').describe('Name shown in broker logs'),
      topic: z.string().default('user_activity_logs').describe('Topic of the user-activity events'),
      partitions: count
        .default(4)
        .describe('Partitions of a topic made by `millrace topics create`'),
      replication_factor: count
        .default(1)
        .describe('Copies of a topic made by `millrace topics create`'),
      ssl: flag.default(false).describe('Speak TLS'),
      sasl_mechanism: z
        .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
        .optional()
        .describe('How to log in; unset: no login'),
      sasl_username: z.string().optional().describe('Kafka user'),
      sasl_password: secret.optional().describe('Kafka password'),
    })
    .prefault({})
    .describe('The broker'),
  s3: z
    .strictObject({
      endpoint: z.url().optional().describe('Address of an S3-compatible store; unset: AWS'),
      region: z.string().default('us-east-1').describe('Region of the bucket'),
      bucket: z.string().default('millrace').describe('Bucket of landing files, ledger and lake'),
      access_key_id: z.string().optional().describe('Unset: the AWS default credential chain'),
      secret_access_key: secret.optional().describe('Goes with access_key_id'),
      path_style: flag.default(false).describe('http://host/bucket instead of http://bucket.host'),
    })
    .prefault({})
    .describe('The object store'),
  sagemaker: z
    .strictObject({
      endpoint: z
        .url()
        .optional()
        .describe('Address of an API like that of SageMaker; unset: AWS in s3.region'),
      role_arn: z
        .string()
        .optional()
        .describe('Role that training jobs and models of SageMaker act as'),
    })
    .prefault({})
    .describe('Where models are trained and served'),
  ml: z
    .strictObject({
      model_name: modelName
        .default('purchase-likelihood')
        .describe('Name of the model: its package group, and the beginning of every other name'),
      endpoint_name: modelName
        .optional()
        .describe('Endpoint that the model is deployed to; default: the name of the model'),
      export_uri: s3Uri
        .optional()
        .describe('Where feature exports go; default s3://<bucket>/ml/exports'),
      artifact_uri: s3Uri
        .optional()
        .describe('Where trained models go; default s3://<bucket>/ml/models'),
      image_uri: z
        .string()
        .min(1)
        .default('millrace-ml:local')
        .describe('Image that trains and serves: ml/image, or one of SageMaker'),
      algorithm: z
        .enum(['image', 'script', 'builtin'])
        .default('image')
        .describe(
          "What image_uri is: ml/image, SageMaker's XGBoost that runs the program of script_uri, or that XGBoost as it is",
        ),
      script_uri: s3Uri
        .optional()
        .describe('sourcedir.tar.gz of `script`; default <artifact_uri>/<model name>/code'),
      instance_type: instanceType
        .default('ml.m5.large')
        .describe('Instance that training jobs run on'),
      volume_gb: count.default(10).describe('Disk of a training job'),
      max_run_seconds: count
        .default(3600)
        .describe('Longest that one training job may run; more is refused before it is asked for'),
      hyperparameters: list
        .default([])
        .describe('Of each training job, as eta=0.1; `--set` wins over them'),
      serving: z
        .enum(['instance', 'serverless'])
        .default('instance')
        .describe('What the endpoint runs on'),
      serving_instance_type: instanceType
        .default('ml.m5.large')
        .describe('Instance that the endpoint runs on'),
      serving_instances: count.default(1).describe('How many of them'),
      serverless_memory_mb: z.coerce
        .number()
        .int()
        .min(1024)
        .max(6144)
        .multipleOf(1024)
        .default(2048)
        .describe('Memory of a serverless endpoint: 1024 to 6144, in steps of 1024'),
      serverless_concurrency: count
        .default(5)
        .describe('Requests that a serverless endpoint works on at once'),
      allowed_instance_types: list
        .default(['ml.m5.large', 'ml.m5.xlarge', 'ml.m5.2xlarge', 'ml.c5.xlarge', 'ml.c5.2xlarge'])
        .describe('Other instance types are refused before anything is asked for'),
      deploy_timeout_seconds: count
        .default(1800)
        .describe(
          'So long a command waits for a deployment; it goes on, and the same `ml deploy` waits for it again',
        ),
    })
    .prefault({})
    .describe('Training, registering and deploying a model'),
  lake: z
    .strictObject({
      catalog: z
        .enum(['postgres', 'sqlite'])
        .default('postgres')
        .describe('Where DuckLake keeps its catalog'),
      catalog_url: secret.optional().describe('postgres://… of the catalog; default: postgres.url'),
      catalog_schema: z
        .string()
        .default('millrace_lake')
        .describe('PostgreSQL schema of the catalog tables'),
      catalog_path: z
        .string()
        .default('.millrace/lake.sqlite')
        .describe('File of a SQLite catalog'),
      data_path: z
        .string()
        .optional()
        .describe('Where the Parquet files go, a place of their own; default s3://<bucket>/lake/'),
    })
    .prefault({})
    .describe('The lake'),
  duckdb: z
    .strictObject({
      memory_limit: z.string().optional().describe('For example 4GB; default: 80 % of memory'),
      threads: count.optional().describe('Default: one a core'),
      temp_directory: z
        .string()
        .optional()
        .describe('Where big queries spill; default <state_dir>/tmp'),
      max_temp_size: z.string().optional().describe('For example 20GB; how much may be spilled'),
    })
    .prefault({})
    .describe('The query engine'),
  postgres: z
    .strictObject({
      url: secret
        .optional()
        .describe('postgres://user:password@host:port/database that models are published into'),
      schema: z.string().default('public').describe('Schema of the published tables'),
    })
    .prefault({})
    .describe('The database that applications read'),
  landing: z
    .strictObject({
      group_id: z.string().default('millrace-landing').describe('Consumer group'),
      rotate_bytes: count
        .default(64 * 1024 * 1024)
        .describe('Bytes of messages a partition gathers before it is flushed'),
      rotate_records: count
        .default(500_000)
        .describe('Records a partition gathers before it is flushed'),
      rotate_ms: count
        .default(60_000)
        .describe('Milliseconds after which a partition is flushed, idle or not'),
      memory_bytes: count
        .default(512 * 1024 * 1024)
        .describe('Bytes of unflushed messages one process holds'),
      max_record_bytes: count
        .default(256 * 1024)
        .describe('Bytes of one message above which it becomes a dead letter'),
      on_gap: z
        .enum(['fail', 'record'])
        .default('fail')
        .describe(
          'When Kafka dropped records before they were landed: stop, or write a gap entry and go on',
        ),
      start: z
        .enum(['earliest', 'latest'])
        .default('earliest')
        .describe('Where a partition never landed before begins'),
    })
    .prefault({})
    .describe('Kafka to Parquet'),
  registrar: z
    .strictObject({
      interval_ms: count
        .default(5_000)
        .describe('Pause between two rounds of `millrace register --loop`'),
      max_records: count
        .default(2_000_000)
        .describe('Records taken into the lake by one transaction, at most'),
    })
    .prefault({})
    .describe('Landed files to lake tables'),
  maintain: z
    .strictObject({
      keep_days: z.coerce
        .number()
        .min(0)
        .default(7)
        .describe('Days that snapshots are kept, for `sql --at`, `rollback` and time travel'),
      delete_after_hours: z.coerce
        .number()
        .min(0)
        .default(24)
        .describe('Age at which files that nothing refers to are deleted; longer than any build'),
      rewrite_fraction: z.coerce
        .number()
        .min(0.01)
        .max(1)
        .default(0.1)
        .describe('Share of deleted rows from which a file is written anew'),
      verify: flag
        .default(true)
        .describe('Compare row counts and sums of every table before and after'),
    })
    .prefault({})
    .describe('Upkeep of the lake: `millrace maintain`'),
  api: z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('Address to listen on'),
      port: port.default(8080).describe('Port to listen on'),
      access: z
        .enum(['open', 'required'])
        .optional()
        .describe(
          'Whether callers need a key or a token; `open` only on an address of this machine, and the default there',
        ),
      anonymous_roles: list.default([]).describe('Roles of callers where access is open'),
      pii_roles: list
        .default(['pii'])
        .describe('Callers with one of these roles see columns with personal data'),
      oidc: z
        .strictObject({
          issuer: z.url().optional().describe('`iss` of the tokens; unset: no tokens are taken'),
          audience: list.optional().describe('`aud` of the tokens: one of these'),
          jwks_url: z
            .url()
            .optional()
            .describe(
              'Where the public keys of the issuer are, by https; unset: where its openid-configuration says',
            ),
          roles_claim: z
            .string()
            .min(1)
            .default('roles')
            .describe('Claim with the roles, or the way to it: realm_access.roles'),
        })
        .prefault({})
        .describe('Tokens (JWT) of an identity provider'),
      key_refresh_ms: count
        .default(5000)
        .describe('Milliseconds between two readings of the keys; notices of changes come at once'),
      rate_limit: z
        .strictObject({
          per_key: z.coerce
            .number()
            .int()
            .min(0)
            .optional()
            .describe('Requests a minute of one key or token, 0: any. Default 6000'),
          key_burst: count.default(600).describe('Requests of one key or token at once'),
          per_address: z.coerce
            .number()
            .int()
            .min(0)
            .optional()
            .describe(
              'Requests a minute of one address, 0: any. Default 12000; any where access is open',
            ),
          address_burst: count.default(1200).describe('Requests of one address at once'),
          failures_per_address: count
            .default(30)
            .describe('Wrong credentials a minute, and at once, of one address'),
        })
        .prefault({})
        .describe('How often one may ask; more is refused with 429'),
      cors_origins: list
        .default([])
        .describe('Sites whose pages may read the answers, such as https://app.example.com, or *'),
      max_body_bytes: count.default(1024 ** 2).describe('Bytes of a request body'),
      trusted_proxies: list
        .default([])
        .describe('Addresses or ranges (10.0.0.0/8) of proxies whose X-Forwarded-For counts'),
      postgres_connections: count
        .default(10)
        .describe(
          'Connections to PostgreSQL for requests, one of them for quick statements; exports have their own',
        ),
      max_in_flight: count
        .default(500)
        .describe('Requests that one process works on at once; more are refused with 503'),
      max_wait_ms: count
        .default(500)
        .describe('A request that would wait longer for a connection is refused with 503 at once'),
      max_lag_ms: count
        .default(250)
        .describe('Lateness of the event loop, in milliseconds, above which requests are refused'),
      drain_ms: count
        .default(10_000)
        .describe('Milliseconds that running requests are given when the process is told to end'),
      stop_delay_ms: z.coerce
        .number()
        .int()
        .min(0)
        .default(0)
        .describe('Milliseconds between /readyz saying 503 and the port being closed'),
      metrics_roles: list
        .default(['metrics'])
        .describe(
          'Roles that may read /metrics from elsewhere; collectors of this machine may always',
        ),
      log_share: z.coerce
        .number()
        .min(0)
        .max(1)
        .default(1)
        .describe('Share of the quick and successful requests that get a line in the log'),
      traces_url: z
        .url()
        .optional()
        .describe(
          'OTLP/HTTP address that spans are sent to; unset: OTEL_EXPORTER_OTLP_ENDPOINT, or none',
        ),
      cursor_secret: secret
        .optional()
        .describe(
          'Seals the cursors of pages; the same for all replicas. Unset: one of this process',
        ),
      cache_bytes: count
        .default(64 * 1024 ** 2)
        .describe('Bytes of answers that are kept for endpoints with cache_seconds'),
      max_exports: count
        .default(4)
        .describe('Exports of tables that one process streams at once; more are refused with 503'),
      export_rows: count
        .default(5_000_000)
        .describe('Rows of one export; the connection of a longer one is broken off'),
      export_bytes: count
        .default(2 * 1024 ** 3)
        .describe('Bytes of one export; the connection of a longer one is broken off'),
      export_seconds: count.default(600).describe('Seconds that one export may take'),
      predictions: z
        .strictObject({
          roles: list
            .default([])
            .describe('Callers need one of these roles; an empty list lets every caller in'),
          table: z
            .string()
            .min(1)
            .default('predictions')
            .describe('Published table of the scores of `millrace ml score`'),
          model: z
            .string()
            .regex(/^[\w.:/+@-]{1,200}$/)
            .default('purchase-likelihood')
            .describe(
              'Name of the model whose scores are in that table, where it has no model_name',
            ),
          timeout_ms: count
            .default(1000)
            .describe(
              'Milliseconds that a deployed model may take, all tries together; then the stored score is given',
            ),
          attempts: count.default(2).describe('Tries, when a deployed model fails at once'),
          breaker_failures: count
            .default(5)
            .describe('So many failures in twice as many requests, and the model is left alone'),
          breaker_pause_ms: count
            .default(10_000)
            .describe('Milliseconds until a model that is left alone is tried again'),
        })
        .prefault({})
        .describe('Predictions of a model'),
      ad_hoc: z
        .strictObject({
          enabled: flag.default(false).describe('Serve `POST /api/sql`: one SELECT on the lake'),
          roles: list
            .default(['analyst'])
            .describe('Callers need one of these roles; an empty list lets every caller in'),
          schemas: list.default(['marts']).describe('Schemas of the lake that may be read'),
          processes: count
            .default(2)
            .describe('Child processes, each of which runs one query at a time'),
          threads: count.default(1).describe('Threads of one child process'),
          memory_limit: z
            .string()
            .regex(/^\d+(MB|GB)$/)
            .default('512MB')
            .describe('Memory of one query, in whole MB or GB; what is beyond spills to disk'),
          max_temp_size: z
            .string()
            .regex(/^\d+(MB|GB)$/)
            .default('1GB')
            .describe('How much one query may spill, in whole MB or GB'),
          timeout_ms: count
            .default(30_000)
            .describe('Milliseconds of one request from its start in a child to its last byte'),
          row_limit: count.default(10_000).describe('Rows of one answer'),
          max_bytes: count.default(16 * 1024 ** 2).describe('Bytes of one answer'),
          per_caller: count
            .default(4)
            .describe('Requests of one caller that run or wait; more are refused with 429'),
          queue: count
            .default(32)
            .describe('Requests of all callers that wait; more are refused with 503'),
        })
        .prefault({})
        .describe('SQL that callers send'),
    })
    .prefault({})
    .describe('The HTTP API'),
})

export type Settings = z.output<typeof settingsSchema>
