/**
 * What the API and a child process say to each other. To the child: lines of JSON on its stdin. From the child: frames
 * on its stdout, one letter (`J` for JSON, `D` for bytes of an answer) and four bytes of length before each. The child
 * runs strangers' SQL, so what comes from it is bounded and checked like any request.
 */
import type { LakeOptions } from '../../core/clients/lake/attach.ts'

/** What a child is told once, before its first query. */
export type ChildOptions = {
  readonly lake: LakeOptions
  readonly extensionDirectory: string
  /** A folder of its own: spilled data and Parquet answers. */
  readonly scratch: string
  /** As DuckDB takes it, like `512MB`. */
  readonly memoryLimit: string
  readonly maxTempSize: string
  readonly threads: number
  /** Schemas that may be read, the first of them without being named. */
  readonly schemas: readonly string[]
  readonly rowLimit: number
  readonly maxBytes: number
}

export type AnswerFormat = 'json' | 'ndjson' | 'csv' | 'parquet'

type ParameterValue = string | number | boolean | null

/** `schema.table` in lower case → its columns with personal data, none for most tables. */
export type PersonalColumns = Readonly<Record<string, readonly string[]>>

export type QueryRequest = {
  readonly sql: string
  readonly parameters: Readonly<Record<string, ParameterValue>>
  readonly format: AnswerFormat
  /**
   * For a caller who may not read everything: these columns come as NULL, and tables that are not named here are not
   * there. Undefined: he sees everything.
   */
  readonly masks: PersonalColumns | undefined
}

export type ToChild =
  | { readonly kind: 'open'; readonly options: ChildOptions }
  | { readonly kind: 'query'; readonly request: QueryRequest }
  | { readonly kind: 'cancel' }

/** A child's words; `readFrames` checks them. */
export type FromChild =
  /** The lake is attached. */
  | { readonly kind: 'ready' }
  /** The query has come, and is begun. */
  | { readonly kind: 'taken' }
  /** The query has run; its bytes follow. */
  | {
      readonly kind: 'answer'
      readonly snapshot: number
      /** When the snapshot was committed, ISO 8601. */
      readonly asOf: string
      readonly rows: number
      readonly truncated: boolean
    }
  /** All is sent, the next query may come. */
  | { readonly kind: 'end'; readonly cpuMs: number; readonly rssBytes: number }
  /** There is no answer. */
  | {
      readonly kind: 'failed'
      /** Because the API asked for it. */
      readonly interrupted: boolean
      /** The process is of no more use. */
      readonly broken: boolean
      /** For the caller. */
      readonly problem?: ShownProblem | undefined
      /** For the log. */
      readonly reason: string
    }

type ShownProblem = {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  readonly httpStatus: number
}

/** Letter and length before each frame. */
export const headerBytes = 5
export const maxFrameBytes = 256 * 1024
export const letters = { message: 0x4a, data: 0x44 }

/** A message as one frame. */
export function encodeMessage(message: FromChild): Buffer {
  return frame(letters.message, Buffer.from(JSON.stringify(message)))
}

/** Bytes of an answer as frames. */
export function* encodeData(bytes: Uint8Array): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += maxFrameBytes) {
    yield frame(letters.data, bytes.subarray(start, start + maxFrameBytes))
  }
}

function frame(letter: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt8(letter, 0)
  header.writeUInt32BE(payload.length, 1)
  return Buffer.concat([header, payload])
}
