/** The leaves of the settings schema as dotted paths, and values put under such paths. */
import { z } from 'zod'
import { settingsSchema } from '../settings.ts'

export type Setting = {
  /** Dotted, as in `kafka.brokers`. */
  readonly path: string
  readonly description: string
  /** The environment variable that sets it. */
  readonly variable: string
}

/** A tree of settings, as a file or a flag gives it: not yet checked. */
export type Layer = { readonly [key: string]: unknown }

/** Every setting there is, in the schema's order. */
export const allSettings: readonly Setting[] = leavesOf(settingsSchema, '')

function leavesOf(schema: z.ZodObject, prefix: string): Setting[] {
  return Object.entries(schema.shape).flatMap(([key, field]) => {
    const path = `${prefix}${key}`
    const inner = field instanceof z.ZodPrefault ? field.unwrap() : field
    if (inner instanceof z.ZodObject) return leavesOf(inner, `${path}.`)
    return [{ path, description: describe(field), variable: variableOf(path) }]
  })
}

function describe(field: unknown): string {
  return field instanceof z.ZodType ? (field.description ?? '') : ''
}

function variableOf(path: string): string {
  return `MILLRACE_${path.replaceAll('.', '_').toUpperCase()}`
}

/** Reads the value under a dotted path, or undefined. */
export function valueAt(layer: Layer, path: string): unknown {
  let current: unknown = layer
  for (const key of path.split('.')) {
    if (!isLayer(current)) return undefined
    current = current[key]
  }
  return current
}

/** The layers laid over each other leaf by leaf; a later one wins. */
export function mergeLayers(layers: readonly Layer[]): Layer {
  return layers.reduce(mergeTwo, {})
}

function mergeTwo(under: Layer, over: Layer): Layer {
  const merged: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue
    const below = merged[key]
    merged[key] = isLayer(below) && isLayer(value) ? mergeTwo(below, value) : value
  }
  return merged
}

/** Puts a value under a dotted path of a new tree. */
export function layerOf(path: string, value: unknown): Layer {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Layer // never a leaf: a path has a key
}

function isLayer(value: unknown): value is Layer {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}
