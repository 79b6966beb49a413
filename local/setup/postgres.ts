/** PostgreSQL comes with npm; this makes sure that the user it runs as can reach it. */
import { bringPostgres, findPostgres } from '../postgres/binaries.ts'
import { postgresUser } from '../postgres/system-user.ts'
import type { SetupStep } from './step.ts'

export const postgres: SetupStep = {
  name: 'postgres',
  title: 'PostgreSQL 18',
  after: [],
  weight: 'required',
  isPresent: async ({ cacheDir }) => (await findPostgres(cacheDir, postgresUser())) !== undefined,
  bring: async ({ cacheDir, say }) => {
    say('copying it where its system user can reach it')
    await bringPostgres(cacheDir, postgresUser())
  },
}
