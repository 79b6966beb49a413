import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openProjectLog } from '../../../../cli/runner/project-log.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

it('holds no value of a variable that is marked as a secret', () => {
  const logs = temporaryDirectory()
  const started = { invocationId: 'f3b1', startedAt: '2024-11-25T12:00:00.000Z' }
  const argv = ['run', '--vars', '{token: hush-hush}']
  const log = openProjectLog({ logs }, started, argv, { DBT_ENV_SECRET_TOKEN: 'hush-hush' })
  log.line('error', `the server said hush-hush ${'.'.repeat(40_000)}`)
  const text = readFileSync(join(logs, 'dbt.log'), 'utf8')
  expect(text).toContain('Running with millrace: millrace run --vars {token: *****}\n')
  expect(text).toContain('the server said *****')
  expect(text).not.toContain('hush-hush')
})

it('holds no value of a secret that --vars give', () => {
  const logs = temporaryDirectory()
  const vars = { DBT_ENV_SECRET_KEY: 'hush-hush', days: 7 }
  const started = { invocationId: 'f3b1', startedAt: '2024-11-25T12:00:00.000Z', vars }
  const argv = ['run', '--vars', '{DBT_ENV_SECRET_KEY: hush-hush, days: 7}']
  const log = openProjectLog({ logs }, started, argv, {})
  log.line('debug', `select 'hush-hush' ${'.'.repeat(40_000)}`)
  const text = readFileSync(join(logs, 'dbt.log'), 'utf8')
  expect(text).toContain('millrace run --vars {DBT_ENV_SECRET_KEY: *****, days: 7}\n')
  expect(text).toContain("select '*****'")
  expect(text).not.toContain('hush-hush')
})
