import { expect, it } from 'vitest'
import { inOrder, runSetup } from '../../../../local/setup/run-setup.ts'
import { runTool } from '../../../../local/setup/run-tool.ts'
import type { SetupEvent, SetupStep } from '../../../../local/setup/step.ts'

function step(name: string, parts: Partial<SetupStep> = {}): SetupStep {
  return {
    name,
    title: name,
    after: [],
    weight: 'required',
    isPresent: async () => false,
    bring: async () => {},
    ...parts,
  }
}

async function setUp(steps: readonly SetupStep[], signal = new AbortController().signal) {
  const events: SetupEvent[] = []
  const onEvent = (event: SetupEvent) => void events.push(event)
  const error = await runSetup({ cacheDir: '/cache', steps, onEvent, signal }).then(
    () => undefined,
    (error: unknown) => error,
  )
  return { error, ends: events.map(({ step, kind }) => `${step} ${kind}`) }
}

const fails = async () => {
  throw new Error('the registry does not answer')
}

it('brings what is missing and leaves what is there', async () => {
  const { ends, error } = await setUp([step('a', { isPresent: async () => true }), step('b')])
  expect(error).toBeUndefined()
  expect(ends.sort()).toEqual(['a present', 'b done', 'b started'])
})

it('runs a step after those it needs, and independent ones side by side', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { ends, error } = await setUp([
    step('archive', { after: ['jars'] }),
    // Each of these two waits for the other: one after the other would never end.
    step('jars', { bring: () => promise }),
    step('server', { bring: async () => resolve() }),
  ])
  expect(error).toBeUndefined()
  expect(ends.indexOf('jars done')).toBeLessThan(ends.indexOf('archive started'))
})

it('lets the others finish when one fails, and then reports the failure', async () => {
  const { ends, error } = await setUp([
    step('jars', { bring: fails }),
    step('archive', { after: ['jars'] }),
    step('server'),
  ])
  expect(error).toMatchObject({ message: 'the registry does not answer' })
  expect(ends).toContain('server done')
  expect(ends).toContain('jars failed')
  expect(ends).toContain('archive skipped')
})

it('reports every failure when several steps fail', async () => {
  const { error } = await setUp([step('a', { bring: fails }), step('b', { bring: fails })])
  expect(error).toBeInstanceOf(AggregateError)
})

it('succeeds without an optional step', async () => {
  const { ends, error } = await setUp([step('archive', { weight: 'optional', bring: fails })])
  expect(error).toBeUndefined()
  expect(ends).toEqual(['archive started', 'archive skipped'])
})

it('stops when it is told to', async () => {
  const controller = new AbortController()
  const { error } = await setUp(
    [
      step('a', {
        bring: async ({ signal }) => {
          controller.abort(new Error('Ctrl-C'))
          signal.throwIfAborted()
        },
      }),
    ],
    controller.signal,
  )
  expect(error).toMatchObject({ message: 'Ctrl-C' })
})

it('says what to do about a full disk', async () => {
  const full = async () => {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  }
  const { error } = await setUp([step('jars', { bring: full })])
  expect(error).toMatchObject({ code: 'services/cache-dir-unusable', exitCode: 2 })
})

it('refuses steps that wait for each other', () => {
  const circle = [step('a', { after: ['b'] }), step('b', { after: ['a'] })]
  expect(() => inOrder(circle)).toThrow('wait for each other')
})

it('shows the command that failed and the last it printed, as something that can be tried again', async () => {
  const script = 'echo first; echo could not resolve host >&2; exit 6'
  const error = await runTool('Kafka', '/bin/sh', ['-c', script]).catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'services/setup-failed', exitCode: 3, retryable: true })
  expect(error).toHaveProperty('message', expect.stringContaining('exit code 6'))
  expect(error).toHaveProperty('message', expect.stringContaining('| could not resolve host'))
})
