/** The formats of an answer, and which of them a request asks for. */
import { problem } from '../../core/problems.ts'

export const formatNames = ['json', 'ndjson', 'csv', 'parquet', 'arrow'] as const
export type FormatName = (typeof formatNames)[number]

type Format = {
  /** What the answer is called. */
  readonly contentType: string
  /** Names under which `Accept` may ask for it; the first is the usual one. */
  readonly mediaTypes: readonly string[]
}

export const formats: Readonly<Record<FormatName, Format>> = {
  json: { contentType: 'application/json', mediaTypes: ['application/json'] },
  ndjson: {
    contentType: 'application/x-ndjson',
    mediaTypes: ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
  },
  csv: { contentType: 'text/csv; charset=utf-8; header=present', mediaTypes: ['text/csv'] },
  parquet: {
    contentType: 'application/vnd.apache.parquet',
    mediaTypes: ['application/vnd.apache.parquet', 'application/x-parquet'],
  },
  arrow: {
    contentType: 'application/vnd.apache.arrow.stream',
    mediaTypes: ['application/vnd.apache.arrow.stream'],
  },
}

/**
 * The format of an answer: `?format=` before `Accept`, JSON when neither asks for one.
 * @throws `api/invalid-parameter`, `api/not-acceptable`
 */
export function chooseFormat(given: string | undefined, accept: string | undefined): FormatName {
  if (given !== undefined) {
    const found = formatNames.find((name) => name === given)
    if (found !== undefined) return found
    const reason = `is none of ${formatNames.join(', ')}`
    throw problem('api/invalid-parameter', { name: 'format', reason })
  }
  if (accept === undefined || accept.trim() === '') return 'json'
  const ranges = accept.split(',').map(parseRange)
  const weighed = formatNames.map((name) => ({ name, weight: weigh(name, ranges) }))
  // The first of equals wins, and JSON is the first.
  const best = weighed.reduce((first, second) => (second.weight > first.weight ? second : first))
  if (best.weight > 0) return best.name
  throw problem('api/not-acceptable', { offered: formatNames.map((name) => mediaTypeOf(name)) })
}

/** The usual media type of a format. */
export function mediaTypeOf(name: FormatName): string {
  return formats[name].mediaTypes[0] ?? ''
}

type Range = { readonly type: string; readonly weight: number }

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  const weight = quality === undefined ? 1 : Number(quality.slice(2))
  return { type, weight: Number.isNaN(weight) ? 0 : weight }
}

/** The most specific range that fits decides. */
function weigh(name: FormatName, ranges: readonly Range[]): number {
  const types = formats[name].mediaTypes
  const exact = ranges.find(({ type }) => types.includes(type))
  if (exact !== undefined) return exact.weight
  const group = ranges.find(({ type }) => types.some((own) => type === `${own.split('/')[0]}/*`))
  return (group ?? ranges.find(({ type }) => type === '*/*'))?.weight ?? 0
}
