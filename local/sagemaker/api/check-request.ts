/** Compares a request with the service model, and says what is wrong in SageMaker's words. */
import { invalid, Refusal } from './refusal.ts'
import type { ServiceModel, Shape } from './service-model.ts'

/** So many are named at most; a request may hold thousands of wrong values. */
const maxNamed = 10

/**
 * Takes a request apart: timestamps become dates, members that the model does not know are dropped, as SageMaker
 * does. @throws a `ValidationException` that lists what is wrong, a `SerializationException` for a wrong type
 */
export function checkRequest(model: ServiceModel, operation: string, body: unknown): unknown {
  const errors: string[] = []
  const value = check(model, model.operations[operation] ?? '', body, '', errors)
  if (errors.length === 0) return value
  const count = `${errors.length} validation error${errors.length === 1 ? '' : 's'} detected`
  throw invalid(`${count}: ${errors.slice(0, maxNamed).join('; ')}`)
}

function check(
  model: ServiceModel,
  name: string,
  value: unknown,
  path: string,
  errors: string[],
): unknown {
  const shape = model.shapes[name]
  if (shape === undefined) throw new Error(`the service model lacks ${name}`)
  const within = (part: string | undefined, inner: unknown, step: string) =>
    check(model, part ?? '', inner, path === '' ? step : `${path}.${step}`, errors)
  switch (shape.type) {
    case 'structure': {
      const members = objectOf(value, path)
      for (const required of shape.required ?? []) {
        if (isAbsent(members[required])) fail(errors, null, join(path, required), 'not be null')
      }
      return mapValues(members, ([key, inner]) => {
        const member = Object.hasOwn(shape.members ?? {}, key) ? shape.members?.[key] : undefined
        return member === undefined || isAbsent(inner)
          ? undefined
          : within(member, inner, uncapitalised(key))
      })
    }
    case 'map': {
      const entries = objectOf(value, path)
      checkSize(shape, Object.keys(entries).length, value, path, errors)
      return mapValues(entries, ([key, inner]) => {
        within(shape.key, key, 'key')
        return within(shape.value, inner, `${key}.member`)
      })
    }
    case 'list': {
      if (!Array.isArray(value)) throw mistyped('list', path)
      checkSize(shape, value.length, value, path, errors)
      return value.map((inner: unknown, index) =>
        within(shape.member, inner, `${index + 1}.member`),
      )
    }
    case 'string':
      if (typeof value !== 'string') throw mistyped('string', path)
      checkString(shape, value, path, errors)
      return value
    case 'boolean':
      if (typeof value !== 'boolean') throw mistyped('boolean', path)
      return value
    case 'integer':
    case 'long':
    case 'float':
      if (typeof value !== 'number') throw mistyped(shape.type, path)
      if (shape.type !== 'float' && !Number.isInteger(value)) throw mistyped(shape.type, path)
      checkNumber(shape, value, path, errors)
      return value
    case 'timestamp':
      if (typeof value !== 'number') throw mistyped('timestamp', path)
      return new Date(value * 1000)
    default:
      return shape.type satisfies never
  }
}

function checkString(shape: Shape, value: string, path: string, errors: string[]): void {
  if (shape.enum !== undefined && !shape.enum.includes(value)) {
    fail(errors, value, path, `satisfy enum value set: [${shape.enum.join(', ')}]`)
    return
  }
  checkSize(shape, value.length, value, path, errors)
  if (shape.pattern !== undefined && !patternOf(shape.pattern).test(value)) {
    fail(errors, value, path, `satisfy regular expression pattern: ${shape.pattern}`)
  }
}

function checkSize(shape: Shape, size: number, value: unknown, path: string, errors: string[]) {
  const { min, max } = shape
  if (max !== undefined && size > max) {
    fail(errors, value, path, `have length less than or equal to ${max}`)
  }
  if (min !== undefined && size < min) {
    fail(errors, value, path, `have length greater than or equal to ${min}`)
  }
}

function checkNumber({ min, max }: Shape, value: number, path: string, errors: string[]): void {
  if (max !== undefined && value > max) {
    fail(errors, value, path, `have value less than or equal to ${max}`)
  }
  if (min !== undefined && value < min) {
    fail(errors, value, path, `have value greater than or equal to ${min}`)
  }
}

function fail(errors: string[], value: unknown, path: string, must: string): void {
  const shown =
    value === null ? 'null' : `'${typeof value === 'object' ? JSON.stringify(value) : value}'`
  const failed = `at '${path}' failed to satisfy constraint: Member must ${must}`
  errors.push(`Value ${shown.slice(0, 300)} ${failed}`)
}

function mistyped(type: string, path: string): Refusal {
  return new Refusal('SerializationException', `Expected a ${type} at '${path}'.`)
}

function objectOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw mistyped('structure', path)
  }
  return Object.fromEntries(Object.entries(value))
}

function mapValues(
  record: Record<string, unknown>,
  change: (entry: [string, unknown]) => unknown,
): Record<string, unknown> {
  const changed = Object.entries(record).map((entry) => [entry[0], change(entry)] as const)
  return Object.fromEntries(changed.filter(([, value]) => value !== undefined))
}

/** JSON's null is absence in SageMaker's protocol. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function join(path: string, member: string): string {
  return path === '' ? uncapitalised(member) : `${path}.${uncapitalised(member)}`
}

/** SageMaker names members in messages as its Java code does: `trainingJobName`. */
function uncapitalised(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

const patterns = new Map<string, RegExp>()

/** The whole text has to match, line ends too. */
function patternOf(pattern: string): RegExp {
  const known = patterns.get(pattern)
  if (known !== undefined) return known
  const made = new RegExp(`^(?:${pattern})$`, 'us')
  patterns.set(pattern, made)
  return made
}
