/** Reads `millrace.yml`: the name of the project and one layer of settings for each target. */
import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import type { MillraceError } from '../errors.ts'
import { messageOf } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { type Position, problem } from '../problems.ts'
import type { Environment } from './environment.ts'
import type { Layer } from './setting-paths.ts'

export type ProjectFile = {
  readonly file: string
  /** Who set its values, for `millrace config`. */
  readonly origin: string
  readonly name: string
  readonly defaultTarget: string
  readonly targets: Readonly<Record<string, Layer>>
  readonly problems: readonly MillraceError[]
  /** Where a key stands in the file, for messages. */
  readonly positionOf: (path: readonly PropertyKey[]) => Position
}

const fileSchema = z.strictObject({
  name: z.string().min(1),
  default_target: z.string().default('local'),
  targets: z.record(z.string(), z.record(z.string(), z.unknown()).nullable()).default({}),
})

/**
 * Parses the file and puts environment variables in for `${NAME}` and `${NAME:-default}`.
 * @throws `config/not-yaml`; everything else is listed in `problems`
 */
export function loadProjectFile(file: string, environment: Environment): ProjectFile {
  const lines = new LineCounter()
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: true })
  const broken = document.errors[0]
  if (broken !== undefined) {
    const start = lines.linePos(broken.pos[0])
    const reason = broken.message.split('\n')[0] ?? ''
    throw problem(
      'config/not-yaml',
      { reason },
      { at: { file, line: start.line, column: start.col } },
    )
  }
  const positionOf = (path: readonly PropertyKey[]): Position => {
    for (let depth = path.length; depth > 0; depth--) {
      const parent =
        depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true)
      if (!isMap(parent)) continue
      const pair = parent.items.find(
        (item) => isScalar(item.key) && item.key.value === path[depth - 1],
      )
      if (pair === undefined || !isScalar(pair.key) || !pair.key.range) continue
      const start = lines.linePos(pair.key.range[0])
      return { file, line: start.line, column: start.col }
    }
    return { file }
  }
  const problems: MillraceError[] = []
  const raw = substitute(document.toJS() ?? {}, [], environment, (missing) => {
    problems.push(problem('config/missing-variable', missing, { at: positionOf(missing.keys) }))
  })
  const parsed = fileSchema.safeParse(raw, { jitless: true })
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const known = nearest(key, Object.keys(fileSchema.shape))
        const at = positionOf([...issue.path, key])
        problems.push(problem('config/unknown-key', { path: key, nearest: known }, { at }))
      }
    } else {
      const path = issue.path.join('.') || 'the file'
      const at = positionOf(issue.path)
      problems.push(problem('config/invalid-value', { path, reason: issue.message }, { at }))
    }
  }
  const data = parsed.data ?? { name: '', default_target: 'local', targets: {} }
  const targets = Object.fromEntries(
    Object.entries(data.targets).map(([name, layer]) => [name, layer ?? {}]),
  )
  return {
    file,
    origin: 'millrace.yml',
    name: data.name,
    defaultTarget: data.default_target,
    targets,
    problems,
    positionOf,
  }
}

/**
 * What stands in for a missing `millrace.yml` beside a `dbt_project.yml`: one target of whatever name, an embedded
 * lake in the project's own state folder.
 */
export function embeddedProjectFile(file: string, target = 'local'): ProjectFile {
  const lake = { catalog: 'sqlite', data_path: '.millrace/lake/' }
  return {
    file,
    origin: 'no millrace.yml',
    name: basename(dirname(file)),
    defaultTarget: target,
    targets: { [target]: { services: 'external', lake } },
    problems: [],
    positionOf: () => ({ file }),
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      throw problem('config/not-found', { file: 'millrace.yml' }, { cause, at: { file } })
    }
    throw problem('config/not-yaml', { reason: messageOf(cause) }, { cause, at: { file } })
  }
}

type Missing = {
  readonly variable: string
  readonly path: string
  readonly keys: readonly string[]
}

function substitute(
  value: unknown,
  keys: readonly string[],
  environment: Environment,
  missing: (missing: Missing) => void,
): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(
      /\$\{(\w+)(?::-([^}]*))?\}/g,
      (_, variable: string, fallback?: string) => {
        const found = environment[variable] || fallback
        if (found === undefined) missing({ variable, path: keys.join('.'), keys })
        return found ?? ''
      },
    )
  }
  if (Array.isArray(value)) return value.map((item) => substitute(item, keys, environment, missing))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      substitute(inner, [...keys, key], environment, missing),
    ]),
  )
}
