/** What is asked for. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../harness.ts'

export const caseNames = ['activity', 'activity-many', 'active-day', 'active', 'cached'] as const

type CaseName = (typeof caseNames)[number]

export type Case = {
  readonly name: CaseName
  readonly title: string
  /** `{user}` is a random user. */
  readonly path: string
  /** Callers of the closed loop. Default: as many as the pool has connections. */
  readonly callers?: number
  /** Of the statement's $1, $2, … in pgbench's words; undefined: no statement is sent, and nobody else has the like. */
  readonly values?: readonly string[]
}

export const casesOf = (users: number): readonly Case[] => [
  {
    name: 'activity',
    title: 'User activity: the newest events of one user',
    path: '/api/users/{user}/activity',
    values: [`random(1, ${users})`, 'null'],
  },
  {
    name: 'activity-many',
    title: 'User activity with more callers than connections',
    path: '/api/users/{user}/activity',
    values: [`random(1, ${users})`, 'null'],
    callers: 32,
  },
  {
    name: 'active-day',
    title: 'Active users of one day',
    path: '/api/active-users?days=1',
    values: ['1'],
  },
  {
    name: 'active',
    title: 'Active users of 30 days',
    path: '/api/active-users?days=30',
    values: ['30'],
  },
  {
    name: 'cached',
    title: 'Active users of 30 days, with `cache_seconds`',
    path: '/api/kept/active-users?days=30',
    callers: 64,
  },
]

/** Makes a project with the endpoints of this repository, one of them with `cache_seconds` beside it. */
export function writeProject(folder: string): void {
  const endpoints = join(folder, 'api/endpoints')
  mkdirSync(endpoints, { recursive: true })
  const read = (name: string) => readFileSync(join(repository, 'api/endpoints', name), 'utf8')
  for (const name of ['active-users.sql', 'user-activity.sql']) {
    writeFileSync(join(endpoints, name), read(name))
  }
  const kept = read('active-users.sql')
    .replace('path: /api/active-users', 'path: /api/kept/active-users')
    .replace('source: postgres', 'source: postgres\ncache_seconds: 3600')
  writeFileSync(join(endpoints, 'kept-active-users.sql'), kept)
  const project = `name: bench
default_target: bench
targets:
  bench:
    services: external
    postgres:
      url: \${BENCH_POSTGRES_URL}
`
  writeFileSync(join(folder, 'millrace.yml'), project)
}
