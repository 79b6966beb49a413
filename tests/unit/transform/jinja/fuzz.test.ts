import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { compileTemplate } from '../../../../transform/jinja/template.ts'
import { HostFunction, makeHostObject } from '../../../../transform/jinja/values.ts'
import { randomTemplate } from './random-template.ts'

/** What a rendering must never come across: anything of JavaScript itself. */
const foreign = /\[native code\]|\[object |=>|function\s*\(|process\.|class \w+ \{/

function names(isAsync: boolean): ReadonlyMap<string, unknown> {
  const answer = (value: unknown) => (isAsync ? Promise.resolve(value) : value)
  return new Map<string, unknown>([
    ['text', 'abc'],
    ['list', [1, 2, 3]],
    ['dict', new Map<unknown, unknown>([['a', 1]])],
    ['f', new HostFunction('f', ({ positional }) => answer(positional[0] ?? null))],
    ['host', makeHostObject({ get: new HostFunction('get', () => answer('x')) })],
  ])
}

/** The text, or undefined when the template is refused as it should be. */
async function attempt(work: () => string | Promise<string>): Promise<string | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!isProblem(error)) throw error
    return undefined
  }
}

const globalNames = Object.getOwnPropertyNames(globalThis).length
const prototypeNames = Object.getOwnPropertyNames(Object.prototype).length

describe('any template of the grammar', () => {
  it('renders the same text in both modes or is refused, and reaches nothing of its host', async () => {
    const property = fc.asyncProperty(randomTemplate, async (source) => {
      const sync = await attempt(() => compileTemplate('a.sql', source).renderSync(names(false)))
      const awaited = await attempt(() => compileTemplate('a.sql', source).render(names(true)))
      expect(awaited).toBe(sync)
      expect(sync ?? '').not.toMatch(foreign)
    })
    await fc.assert(property, { numRuns: 1_500 })
    expect(Object.getOwnPropertyNames(globalThis)).toHaveLength(globalNames)
    expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(prototypeNames)
  }, 60_000)
})

describe('any bytes', () => {
  it('render or are refused', async () => {
    const noise = fc
      .uint8Array({ maxLength: 200 })
      .map((bytes) => Buffer.from(bytes).toString('latin1'))
    const marked = fc
      .tuple(noise, fc.constantFrom('{{', '{%', '{#', '{% set x =', '{% for'), noise, noise)
      .map((parts) => parts.join(''))
    const property = fc.asyncProperty(fc.oneof(noise, marked), async (source) => {
      await attempt(() => compileTemplate('a.sql', source).renderSync(names(false)))
    })
    await fc.assert(property, { numRuns: 1_500 })
  }, 60_000)
})
