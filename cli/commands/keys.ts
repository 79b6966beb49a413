/** `millrace keys`: make, list and revoke the keys of the HTTP API. */
import { randomBytes } from 'node:crypto'
import type { PoolClient } from 'pg'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openContext, postgresUrlOf } from '../context.ts'
import { formatOption, lastOfOthers } from '../options.ts'
import { type OutputRow, printRows } from '../output.ts'

const actions = ['create', 'list', 'revoke'] as const

export const keysCommand = defineCommand({
  command: 'keys <action> [prefix]',
  describe: 'Make, list or revoke keys of the HTTP API',
  builder: (yargs) =>
    yargs
      // Elsewhere the last one wins; here a role would be lost without a word.
      .parserConfiguration({ 'duplicate-arguments-array': true })
      .middleware(lastOfOthers('role'), true)
      .positional('action', { choices: actions, demandOption: true, describe: 'What to do' })
      .positional('prefix', { type: 'string', describe: 'revoke: the 8 characters after mlr_' })
      .option('name', {
        type: 'string',
        describe: 'create: who or what uses it',
        requiresArg: true,
      })
      .option('role', {
        type: 'string',
        array: true,
        default: [] as string[], // yargs would infer never[] from an empty list
        describe: 'create: what it may; can be given several times',
        requiresArg: true,
      })
      .option('expires', {
        type: 'string',
        describe: 'create: how long it lives, as 12h, 90d or 8w (default: until it is revoked)',
        requiresArg: true,
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'list: the same as --format json',
      })
      .option('format', formatOption)
      .example('$0 keys create --name dashboard --role analyst --expires 90d', 'shows it once')
      .example('$0 keys revoke k3f7x2ab', 'it is refused within seconds'),
  handler: async (args) => {
    const { name, role, expires, action, prefix, json, format } = args
    const wish = action === 'create' ? readWish({ name, role, expires }) : undefined
    if (action === 'revoke' && prefix === undefined) throw refuse('revoke takes a prefix.')
    if (action !== 'revoke' && prefix !== undefined) throw refuse(`${action} takes no prefix.`)
    const { config } = openContext(args)
    const table = await import('../../api/access/keys/key-table.ts')
    const act = async (database: PoolClient) => {
      if (wish !== undefined) {
        const { makeKey } = await import('../../api/access/keys/key-text.ts')
        const key = makeKey(randomBytes)
        await table.ensureKeyTable(database)
        await table.insertKey(database, key, wish)
        process.stderr.write('This is the only time that the key is shown:\n')
        process.stdout.write(`${key.text}\n`)
      } else if (prefix !== undefined) {
        await table.revokeKey(database, prefix)
        process.stderr.write(`${prefix} is revoked.\n`)
      } else {
        const keys = await table.listKeys(database)
        printRows(keys.map(toRow), json ? 'json' : format, columns)
      }
    }
    await withDatabase(await postgresUrlOf(config), act).catch((error: unknown) => {
      throw table.explainKeyError(error)
    })
    return 0
  },
})

const columns = [
  'prefix',
  'name',
  'roles',
  'state',
  'created_at',
  'expires_at',
  'revoked_at',
  'last_used_at',
]

type Listed = Awaited<
  ReturnType<typeof import('../../api/access/keys/key-table.ts').listKeys>
>[number]

function toRow(key: Listed): OutputRow {
  return {
    prefix: key.prefix,
    name: key.name,
    roles: key.roles,
    state: key.state,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString(),
    revoked_at: key.revokedAt?.toISOString(),
    last_used_at: key.lastUsedAt?.toISOString(),
  }
}

type Asked = {
  readonly name: string | undefined
  readonly role: readonly string[]
  readonly expires: string | undefined
}

function readWish({ name, role, expires }: Asked) {
  if (typeof name !== 'string' || !/^[^\p{C}]{1,200}$/u.test(name)) {
    throw refuse('create takes --name, of 1 to 200 characters.')
  }
  const roles = [...new Set(role.flatMap((text) => text.split(',')).filter((one) => one !== ''))]
  const wrong = roles.find((one) => !/^[\w.:/-]{1,100}$/.test(one))
  if (wrong !== undefined) throw refuse(`A role has only letters, digits and _.:/-, not ${wrong}.`)
  return { name, roles, lifetimeMs: expires === undefined ? undefined : lifetimeOf(expires) }
}

const hours = { h: 1, d: 24, w: 168 } as const

function lifetimeOf(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,4})([hdw])$/.exec(text) ?? []
  if (count === undefined || (unit !== 'h' && unit !== 'd' && unit !== 'w')) {
    throw refuse(`--expires takes hours, days or weeks, such as 12h, 90d or 8w, not ${text}.`)
  }
  return Number(count) * hours[unit] * 3_600_000
}

function refuse(reason: string): Error {
  return problem('cli/bad-arguments', { reason, command: 'millrace keys' })
}

async function withDatabase(
  url: string,
  use: (database: PoolClient) => Promise<void>,
): Promise<void> {
  const { connectPostgres, openPostgres } = await import('../../core/clients/postgres.ts')
  const pool = openPostgres({ url, maxConnections: 1, applicationName: 'millrace-keys' })
  try {
    const database = await connectPostgres(pool)
    try {
      await use(database)
    } finally {
      database.release(true)
    }
  } finally {
    await pool.end()
  }
}
