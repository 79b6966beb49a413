/** What the real database says of an endpoint: its columns, the tables it reads, and how these are published. */
import type { ColumnKind } from '../sources/column-kind.ts'

export type AnswerColumn = {
  readonly name: string
  readonly kind: ColumnKind
  /** As PostgreSQL writes it: `numeric(10,2)`. */
  readonly type: string
  /** A column with personal data, given unchanged. */
  readonly isPersonal: boolean
}

/** A table, or a view and what stands behind it. */
export type ReadRelation = {
  readonly schema: string
  readonly name: string
  /** `r`, `p`, `v`, … as in pg_class. */
  readonly kind: string
  /** Types as PostgreSQL writes them, of a domain the one behind it. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Columns with personal data, spelled as in the database. */
  readonly personal: readonly string[]
  /** Undefined when it was not published. */
  readonly published:
    | {
        readonly contract: string
        readonly isWholly: boolean
        /** Callers need one of them to read it; none: every caller. */
        readonly roles: readonly string[]
      }
    | undefined
}

export type EndpointFacts = {
  /** Schema of names without one. */
  readonly schema: string
  readonly columns: readonly AnswerColumn[]
  readonly relations: readonly ReadRelation[]
  /** `millrace.published` is there. */
  readonly hasLedger: boolean
  /** The SQL has to be run over masked tables for callers without the right to personal data. */
  readonly isMasked: boolean
  /** Nothing but its parameters and its tables decides the answer. */
  readonly isRepeatable: boolean
  /** The same versions and parameters give the same answer. */
  readonly isTaggable: boolean
}
