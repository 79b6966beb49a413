/** Which models dbt reads without rendering: their `unrendered_config` holds values instead of texts. */
import type { Argument, Body, Expression } from '../jinja/ast.ts'

/**
 * Text, and `{{ ref|source|config(…) }}` without blank control whose arguments are texts, `True`, `False`, or lists and
 * dicts of texts; a version of a ref may be a whole number.
 */
export function isPlainForDbt(body: Body, source: string): boolean {
  if (source.includes('{%') || /\{\{[-+]|[-+]\}\}/.test(source)) return false
  return body.every((statement) => {
    if (statement.kind === 'text') return true
    return statement.kind === 'output' && isPlainCall(statement.value, source)
  })
}

function isPlainCall(node: Expression, source: string): boolean {
  if (node.kind !== 'call' || node.callee.kind !== 'name') return false
  const { args } = node
  const texts = args.filter(({ kind, value }) => kind === 'positional' && isText(value))
  switch (node.callee.name) {
    case 'source':
      return args.length === 2 && texts.length === 2
    case 'ref':
      return (
        texts.length > 0 &&
        texts.length <= 2 &&
        args.every((arg) => texts.includes(arg) || isVersion(arg))
      )
    case 'config':
      return (
        args.length > 0 &&
        args.every(
          ({ kind, name, value }) =>
            kind === 'named' && !/^(pre|post)_hook$/.test(name) && isPlainValue(value, source),
        )
      )
    default:
      return false
  }
}

function isVersion({ kind, name, value }: Argument): boolean {
  if (kind !== 'named' || !/^(v|version)$/.test(name)) return false
  return isText(value) || (value.kind === 'literal' && typeof value.value === 'number')
}

function isText(node: Expression): boolean {
  return node.kind === 'literal' && typeof node.value === 'string'
}

function isPlainValue(node: Expression, source: string): boolean {
  switch (node.kind) {
    case 'literal':
      if (typeof node.value === 'boolean') return /^(True|False)/.test(source.slice(node.at))
      return isText(node)
    case 'list':
      return node.items.every((item) => isPlainValue(item, source))
    case 'dict':
      return node.entries.every(([key, value]) => isText(key) && isPlainValue(value, source))
    default:
      return false
  }
}
