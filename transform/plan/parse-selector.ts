/** `--select` and `--exclude` → what they ask for. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { isMethod, methodNames } from './methods.ts'
import {
  type Criterion,
  group,
  type IndirectSelection,
  type SelectionSpec,
} from './selection-spec.ts'

/**
 * Spaces join and commas intersect. An empty `select` means everything; one that holds blanks only, nothing: a
 * script whose list came out empty must not build it all.
 * @throws `model/bad-selector`
 */
export function parseSelection(
  select: readonly string[],
  exclude: readonly string[],
  indirect: IndirectSelection,
): SelectionSpec {
  const included: SelectionSpec =
    select.length === 0 ? { kind: 'everything' } : parseUnion(select, indirect)
  return group('difference', [included, parseUnion(exclude, indirect)])
}

function parseUnion(texts: readonly string[], indirect: IndirectSelection): SelectionSpec {
  const unions = texts
    .flatMap((text) =>
      text.trim() === '' ? [''] : text.split(/\s+/).filter((part) => part !== ''),
    )
    .map((text) => {
      const components = text.split(',').map((part) => parseCriterion(part, indirect))
      return group('intersection', components, indirect, text)
    })
  return group('union', unions, indirect)
}

const criterionPattern = /^(@)?(?:(\d*)(\+))?(?:([\w.]+):)?(.*?)(?:(\+)(\d*))?$/s

/** One criterion without spaces and commas: `2+tag:nightly+`. @throws `model/bad-selector` */
export function parseCriterion(text: string, indirect: IndirectSelection): Criterion {
  const parts = criterionPattern.exec(text) ?? []
  const [, at, parentCount, hasParents, method, value = '', hasChildren, childCount] = parts
  if (at !== undefined && hasChildren !== undefined) {
    throw bad(text, '@ before and + behind it do not go together')
  }
  return {
    kind: 'criterion',
    ...parseMethod(text, method ?? defaultMethod(value)),
    value,
    parents: generations(hasParents, parentCount),
    children: generations(hasChildren, childCount),
    isClosed: at !== undefined,
    indirect,
  }
}

/** `config.meta.owner` → method and arguments. @throws `model/bad-selector` */
export function parseMethod(text: string, full: string): Pick<Criterion, 'method' | 'arguments'> {
  const [method = '', ...rest] = full.split('.')
  if (isMethod(method)) return { method, arguments: rest }
  const near = nearest(method, methodNames)
  const advice =
    near === undefined ? `there are ${methodNames.join(', ')}` : `did you mean ${near}?`
  throw bad(text, `there is no method ${method}; ${advice}`)
}

/** As dbt guesses: a path has a slash, a file an extension, anything else is a name. */
function defaultMethod(value: string): string {
  if (value.includes('/')) return 'path'
  return /\.(sql|py|csv)$/i.test(value) ? 'file' : 'fqn'
}

function generations(mark: string | undefined, count: string | undefined): number {
  if (mark === undefined) return 0
  return count === undefined || count === '' ? Number.POSITIVE_INFINITY : Number(count)
}

function bad(selector: string, reason: string) {
  return problem('model/bad-selector', { selector, reason })
}
