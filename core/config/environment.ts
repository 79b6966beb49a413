/** The only place that reads `process.env`: `MILLRACE_*` variables as a layer of settings. */
import type { MillraceError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { problem } from '../problems.ts'
import { allSettings, type Layer, layerOf, mergeLayers } from './setting-paths.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables that belong to Millrace and are not settings. */
const otherVariables = ['MILLRACE_TARGET', 'MILLRACE_PROJECT_DIR', 'MILLRACE_COMMAND']

export const processEnvironment: Environment = process.env

/** Reads the settings given as variables; an unknown `MILLRACE_*` name is a problem. */
export function environmentLayer(environment: Environment): {
  readonly layer: Layer
  readonly problems: readonly MillraceError[]
} {
  const layers: Layer[] = []
  const problems: MillraceError[] = []
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('MILLRACE_') || value === undefined || value === '') continue
    if (otherVariables.includes(variable)) continue
    const setting = allSettings.find((candidate) => candidate.variable === variable)
    if (setting !== undefined) layers.push(layerOf(setting.path, value))
    else problems.push(unknownVariable(variable))
  }
  return { layer: mergeLayers(layers), problems }
}

function unknownVariable(variable: string): MillraceError {
  const known = allSettings.map((setting) => setting.variable)
  return problem('config/unknown-key', { path: variable, nearest: nearest(variable, known) })
}
