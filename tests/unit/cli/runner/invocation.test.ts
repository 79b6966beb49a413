import { expect, it } from 'vitest'
import { invocationArguments, invocationOf } from '../../../../cli/runner/invocation.ts'

const started = { invocationId: 'f3b1', startedAt: '2024-11-25T12:00:00.000Z' }

it('keeps the variables that are meant for artifacts, without their prefix', () => {
  const environment = { DBT_ENV_CUSTOM_ENV_JOB: 'nightly', HOME: '/root' }
  expect(invocationOf(started, environment)).toMatchObject({
    id: 'f3b1',
    startedAt: started.startedAt,
    environment: { JOB: 'nightly' },
  })
})

it('names each option as dbt does, once', () => {
  const given = {
    _: ['build'],
    $0: 'millrace',
    select: ['a'],
    s: ['a'],
    'full-refresh': true,
    fullRefresh: true,
    'resource-type': ['model'],
    resourceType: ['model'],
    selector: undefined,
  }
  const args = invocationArguments('build', given, { day: 1 }, ['build', '-s', 'a'])
  expect(args).toMatchObject({
    which: 'build',
    select: ['a'],
    full_refresh: true,
    resource_types: ['model'],
    vars: { day: 1 },
    invocation_command: 'millrace build -s a',
  })
  for (const key of ['s', '_', '$0', 'fullRefresh', 'resource_type', 'selector']) {
    expect(args).not.toHaveProperty(key)
  }
})

it('shows no value of a variable that is marked as a secret', () => {
  const environment = { DBT_ENV_SECRET_TOKEN: 'hush-hush', HOME: '/root' }
  const vars = { token: 'hush-hush', list: ['x hush-hush'], DBT_ENV_SECRET_OWN: 'ssh!', day: 1 }
  const argv = ['run', '--vars', '{token: hush-hush, DBT_ENV_SECRET_OWN: ssh!}']
  expect(invocationArguments('run', {}, vars, argv, environment)).toMatchObject({
    vars: { token: '*****', list: ['x *****'], DBT_ENV_SECRET_OWN: '*****', day: 1 },
    invocation_command: 'millrace run --vars {token: *****, DBT_ENV_SECRET_OWN: *****}',
  })
})
