/**
 * The landing protocol of one partition as a pure function: state × event → state × actions. The driver does
 * what the actions say and reports back with events; the table of `docs/specs/landing.md` lists every pair,
 * and a model check runs this very function against a hostile network. Events that carry a nonce belong to one
 * claim; answers of a claim that was given up are ignored by it.
 */

/** The end of the ledger: the next offset to claim, and the entry the claim must link to. */
export type Head = { readonly offset: number; readonly prev: Link | null }
type Link = { readonly start: number; readonly etag: string }
type LastRecord = { readonly offset: number; readonly crc: string }

export type Claim = {
  readonly type: 'data' | 'gap' | 'genesis'
  readonly start: number
  readonly end: number
  readonly prev: Link | null
  readonly nonce: string
}

/** What must stop a partition until a person has looked. */
export type Failure =
  | { readonly kind: 'gap'; readonly head: number; readonly logStart: number }
  | { readonly kind: 'log-behind'; readonly head: number; readonly highWatermark: number }
  | { readonly kind: 'log-changed'; readonly offset: number }
  | { readonly kind: 'broken'; readonly error: unknown }

export type State =
  /** Not ours. */
  | { readonly kind: 'unassigned' }
  /** The ledger and the watermarks are being read; nothing is fetched. */
  | { readonly kind: 'recovering' }
  /** The last landed record is being fetched again, to see that the log is still the same. */
  | { readonly kind: 'verifying'; readonly head: Head; readonly last: LastRecord }
  /** Records [head, position) are buffered. */
  | { readonly kind: 'filling'; readonly head: Head; readonly position: number }
  /** Files of `claim` are being written; [claim.end, position) is buffered. */
  | {
      readonly kind: 'preparing'
      readonly head: Head
      readonly position: number
      readonly claim: Claim
    }
  /** The conditional PUT of `claim` is on its way. */
  | {
      readonly kind: 'claiming'
      readonly head: Head
      readonly position: number
      readonly claim: Claim
    }
  | { readonly kind: 'failed'; readonly failure: Failure }

export type Facts = {
  readonly head: Head
  /** First offset to land, as fixed when the topic was first met. */
  readonly startAt: number
  readonly logStart: number
  readonly highWatermark: number
  readonly last: LastRecord | null
  readonly onGap: 'fail' | 'record'
  /** For the genesis or gap entry this may lead to. */
  readonly nonce: string
}

export type Event =
  | { readonly kind: 'assign' }
  | { readonly kind: 'revoke' }
  | ({ readonly kind: 'recovered' } & Facts)
  /** `crc` of the record at `verifying.last.offset`, or undefined when that offset holds none any more. */
  | { readonly kind: 'verified'; readonly crc: string | undefined }
  /** Records that were fetched at offset `from`; the next fetch is at `end`. */
  | { readonly kind: 'records'; readonly from: number; readonly end: number }
  /** Rotation is due, or we leave. */
  | { readonly kind: 'flush'; readonly nonce: string }
  | { readonly kind: 'prepared'; readonly nonce: string }
  /** The PUT succeeded, or an entry with our nonce stands there. */
  | { readonly kind: 'committed'; readonly nonce: string; readonly etag: string }
  /** An entry with another nonce stands there. */
  | { readonly kind: 'fenced'; readonly nonce: string }
  /** 409, 5xx, time-out: nobody knows. */
  | { readonly kind: 'unanswered'; readonly nonce: string }
  | { readonly kind: 'fail'; readonly error: unknown }

export type Action =
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Read the head, the watermarks and the genesis; answer `recovered`. */
  | { readonly kind: 'recover' }
  | { readonly kind: 'seek'; readonly offset: number }
  /** Forget every buffered record and the claim under way. */
  | { readonly kind: 'drop' }
  /** Keep these records: they are [from, end) at the position. */
  | { readonly kind: 'keep' }
  /** Write the files of the claim; answer `prepared`. */
  | { readonly kind: 'prepare'; readonly claim: Claim }
  /** PUT the entry if absent; answer `committed`, `fenced` or `unanswered`. */
  | { readonly kind: 'claim'; readonly claim: Claim; readonly retry: boolean }
  | { readonly kind: 'hint'; readonly offset: number }
  | { readonly kind: 'report'; readonly failure: Failure }

export type Step = { readonly state: State; readonly actions: readonly Action[] }

export const initialState: State = { kind: 'unassigned' }

/** One step of the protocol. Never throws; an event that does not concern the state leaves it as it is. */
export function transition(state: State, event: Event): Step {
  switch (event.kind) {
    case 'assign':
      return restart()
    case 'revoke':
      return { state: initialState, actions: [{ kind: 'drop' }, { kind: 'pause' }] }
    case 'recovered':
      return state.kind === 'recovering' ? begin(event) : stay(state)
    case 'verified':
      return state.kind === 'verifying' ? verify(state, event.crc) : stay(state)
    case 'records':
      return isLive(state) ? accept(state, event) : stay(state)
    case 'flush':
      return state.kind === 'filling' ? flush(state, event.nonce) : stay(state)
    case 'prepared':
      return state.kind === 'preparing' && state.claim.nonce === event.nonce
        ? {
            state: { ...state, kind: 'claiming' },
            actions: [{ kind: 'claim', claim: state.claim, retry: false }],
          }
        : stay(state)
    case 'committed':
      return isClaiming(state, event.nonce) ? commit(state, event.etag) : stay(state)
    case 'fenced':
      return isClaiming(state, event.nonce) ? restart() : stay(state)
    case 'unanswered':
      return isClaiming(state, event.nonce)
        ? { state, actions: [{ kind: 'claim', claim: state.claim, retry: true }] }
        : stay(state)
    case 'fail':
      return state.kind === 'unassigned'
        ? stay(state)
        : fail({ kind: 'broken', error: event.error })
    default:
      return event satisfies never
  }
}

type Live = Extract<State, { readonly position: number }>
type Claiming = Extract<State, { readonly kind: 'claiming' }>

/** Records are fetched in these states. */
export function isLive(state: State): state is Live {
  return state.kind === 'filling' || state.kind === 'preparing' || state.kind === 'claiming'
}

function isClaiming(state: State, nonce: string): state is Claiming {
  return state.kind === 'claiming' && state.claim.nonce === nonce
}

function stay(state: State): Step {
  return { state, actions: [] }
}

function restart(): Step {
  return {
    state: { kind: 'recovering' },
    actions: [{ kind: 'drop' }, { kind: 'pause' }, { kind: 'recover' }],
  }
}

function fail(failure: Failure): Step {
  return {
    state: { kind: 'failed', failure },
    actions: [{ kind: 'drop' }, { kind: 'pause' }, { kind: 'report', failure }],
  }
}

/** Compares what the ledger says with what the log says, before anything is fetched. */
function begin(facts: Facts): Step {
  const { head, startAt, logStart, highWatermark, last, onGap, nonce } = facts
  if (head.offset < startAt) return jump('genesis', head, startAt, nonce)
  if (highWatermark < head.offset) {
    return fail({ kind: 'log-behind', head: head.offset, highWatermark })
  }
  if (logStart > head.offset) {
    if (onGap === 'record') return jump('gap', head, logStart, nonce)
    return fail({ kind: 'gap', head: head.offset, logStart })
  }
  if (last !== null && last.offset >= logStart) {
    return {
      state: { kind: 'verifying', head, last },
      actions: [{ kind: 'seek', offset: last.offset }, { kind: 'resume' }],
    }
  }
  return fill(head)
}

/** A claim without files: offsets that are not ours to land, or that Kafka has dropped. */
function jump(type: 'gap' | 'genesis', head: Head, end: number, nonce: string): Step {
  const claim: Claim = { type, start: head.offset, end, prev: head.prev, nonce }
  return {
    state: { kind: 'claiming', head, position: end, claim },
    actions: [{ kind: 'claim', claim, retry: false }],
  }
}

function fill(head: Head): Step {
  return {
    state: { kind: 'filling', head, position: head.offset },
    actions: [{ kind: 'seek', offset: head.offset }, { kind: 'resume' }],
  }
}

function verify(state: Extract<State, { kind: 'verifying' }>, crc: string | undefined): Step {
  if (crc !== undefined && crc !== state.last.crc) {
    return fail({ kind: 'log-changed', offset: state.last.offset })
  }
  return fill(state.head)
}

function accept(state: Live, event: Extract<Event, { kind: 'records' }>): Step {
  // Fetched elsewhere than at our position: the client has jumped, and the watermarks will say why.
  if (event.from !== state.position) return restart()
  if (event.end <= state.position) return stay(state)
  return { state: { ...state, position: event.end }, actions: [{ kind: 'keep' }] }
}

function flush(state: Extract<State, { kind: 'filling' }>, nonce: string): Step {
  const { head, position } = state
  if (position === head.offset) return stay(state)
  const claim: Claim = { type: 'data', start: head.offset, end: position, prev: head.prev, nonce }
  return { state: { ...state, kind: 'preparing', claim }, actions: [{ kind: 'prepare', claim }] }
}

function commit(state: Claiming, etag: string): Step {
  const { claim, position } = state
  const head: Head = { offset: claim.end, prev: { start: claim.start, etag } }
  const hint: Action = { kind: 'hint', offset: claim.end }
  if (claim.type === 'data') {
    return { state: { kind: 'filling', head, position }, actions: [hint] }
  }
  // Nothing was fetched yet, and the log may have moved meanwhile: look again.
  return { state: { kind: 'recovering' }, actions: [hint, { kind: 'recover' }] }
}
