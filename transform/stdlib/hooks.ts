/** `pre_hooks` and `post_hooks`: what a config says, each with the side of the transaction that it runs on. */
import { toTemplateValue } from '../jinja/values.ts'

export type Hook = {
  readonly sql: string
  readonly transaction: boolean
  readonly index: number | null
}

/** @param config a text, a dict, `before_begin(…)`'s JSON, or a list of them @returns dicts, in order */
export function hooksOf(config: unknown): unknown[] {
  return readHooks(config).map((hook) => toTemplateValue(hook))
}

/** The same as plain data. */
export function readHooks(config: unknown): Hook[] {
  if (config === undefined || config === null) return []
  const list: readonly unknown[] = Array.isArray(config) ? config : [config]
  return list.map(hookOf)
}

function hookOf(hook: unknown): Hook {
  if (typeof hook === 'object' && hook !== null) {
    const fields = new Map<string, unknown>(Object.entries(hook))
    const index = fields.get('index')
    return {
      sql: String(fields.get('sql') ?? ''),
      transaction: fields.get('transaction') !== false,
      index: typeof index === 'number' ? index : null,
    }
  }
  const sql = String(hook)
  const json = /^\s*\{[\s\S]*"sql"/.test(sql) ? readJson(sql) : undefined
  return json === undefined ? { sql, transaction: true, index: null } : hookOf(json)
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
