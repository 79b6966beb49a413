/** The named states and events of the table in `docs/specs/landing.md`, and how a step is written there. */
import type { Claim, Event, Facts, Head, State, Step } from '../../ingest/landing/machine.ts'

const head: Head = { offset: 10, prev: { start: 0, etag: 'e0' } }
const last = { offset: 9, crc: 'c9' }
const claim: Claim = { type: 'data', start: 10, end: 20, prev: head.prev, nonce: 'own' }
const genesis: Claim = { type: 'genesis', start: 0, end: 10, prev: null, nonce: 'own' }

export const states: Readonly<Record<string, State>> = {
  unassigned: { kind: 'unassigned' },
  recovering: { kind: 'recovering' },
  verifying: { kind: 'verifying', head, last },
  'filling, empty': { kind: 'filling', head, position: 10 },
  filling: { kind: 'filling', head, position: 20 },
  preparing: { kind: 'preparing', head, position: 20, claim },
  claiming: { kind: 'claiming', head, position: 20, claim },
  'claiming genesis or gap': {
    kind: 'claiming',
    head: { offset: 0, prev: null },
    position: 10,
    claim: genesis,
  },
  failed: { kind: 'failed', failure: { kind: 'log-changed', offset: 9 } },
}

const facts: Facts = {
  head,
  startAt: 0,
  logStart: 0,
  highWatermark: 30,
  last: null,
  onGap: 'fail',
  nonce: 'new',
}

/** An event may depend on where the state stands. */
export const events: Readonly<Record<string, (state: State) => Event>> = {
  assign: () => ({ kind: 'assign' }),
  revoke: () => ({ kind: 'revoke' }),
  'recovered: nothing to verify': () => ({ kind: 'recovered', ...facts }),
  'recovered: last record is still in the log': () => ({ kind: 'recovered', ...facts, last }),
  'recovered: last record has left the log': () => ({
    kind: 'recovered',
    ...facts,
    last,
    logStart: 10,
  }),
  'recovered: head before the start': () => ({ kind: 'recovered', ...facts, startAt: 15 }),
  'recovered: high watermark before the head': () => ({
    kind: 'recovered',
    ...facts,
    highWatermark: 9,
  }),
  'recovered: log start after the head, policy fail': () => ({
    kind: 'recovered',
    ...facts,
    logStart: 12,
  }),
  'recovered: log start after the head, policy record': () => ({
    kind: 'recovered',
    ...facts,
    logStart: 12,
    onGap: 'record',
  }),
  'verified: same CRC': () => ({ kind: 'verified', crc: 'c9' }),
  'verified: no record there any more': () => ({ kind: 'verified', crc: undefined }),
  'verified: another CRC': () => ({ kind: 'verified', crc: 'other' }),
  'records from the position on': (state) => {
    const from = 'position' in state ? state.position : 10
    return { kind: 'records', from, end: from + 5 }
  },
  'records of nothing at the position': (state) => {
    const from = 'position' in state ? state.position : 10
    return { kind: 'records', from, end: from }
  },
  'records from elsewhere': () => ({ kind: 'records', from: 7, end: 25 }),
  flush: () => ({ kind: 'flush', nonce: 'new' }),
  prepared: () => ({ kind: 'prepared', nonce: 'own' }),
  'prepared, of another claim': () => ({ kind: 'prepared', nonce: 'old' }),
  committed: () => ({ kind: 'committed', nonce: 'own', etag: 'e10' }),
  'committed, of another claim': () => ({ kind: 'committed', nonce: 'old', etag: 'e' }),
  fenced: () => ({ kind: 'fenced', nonce: 'own' }),
  'fenced, of another claim': () => ({ kind: 'fenced', nonce: 'old' }),
  unanswered: () => ({ kind: 'unanswered', nonce: 'own' }),
  'unanswered, of another claim': () => ({ kind: 'unanswered', nonce: 'old' }),
  fail: () => ({ kind: 'fail', error: new Error('disk') }),
}

/** `·` when nothing happens, else the new state and its actions. */
export function renderStep(before: State, { state, actions }: Step): string {
  if (state === before && actions.length === 0) return '·'
  const words = actions.map((action) => {
    if (action.kind === 'seek') return `seek ${action.offset}`
    if (action.kind === 'claim') return action.retry ? 'claim again' : `claim ${action.claim.type}`
    return action.kind
  })
  return words.length === 0 ? state.kind : `${state.kind}: ${words.join(', ')}`
}
