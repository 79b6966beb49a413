/** Lands one partition: holds its buffers, feeds the state machine, carries out the actions it asks for. */
import { isProblem, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { Source, SourceBatch, Watermarks } from '../kafka/source.ts'
import type { LedgerEntry, LedgerFile } from '../ledger/entry.ts'
import type { Chain } from '../ledger/keys.ts'
import { readHead } from '../ledger/read.ts'
import { defaultCheckpointEvery, putCheckpoint, putClaim, putFile } from './claims.ts'
import { encodeRecords } from './encode.ts'
import type { Gate } from './gate.ts'
import {
  type Action,
  type Claim,
  type Event,
  type Failure,
  initialState,
  isLive,
  type State,
  transition,
} from './machine.ts'
import { claimAgeMs, nonceTimeMs } from './nonce.ts'
import type { LandingDependencies, LandingOptions, PartitionProgress } from './options.ts'
import { type LastOfInterval, RecordBuffer, recordCrc } from './record-buffer.ts'
import { type RetryContext, untilDone } from './retry.ts'

export type WorkerContext = {
  readonly options: LandingOptions
  readonly dependencies: LandingDependencies
  readonly source: Pick<Source, 'seek' | 'pause' | 'commitHint' | 'watermarks'>
  /** First offset to land of this partition. */
  readonly startAt: number
  /** Throws when the topic is no longer the one we landed. Asked after the last fetch of a claim. */
  readonly assertSameTopic: () => Promise<void>
  /** Encoding takes memory and both cores: one at a time. */
  readonly encodeGate: Gate
  readonly onCommit: (entry: LedgerEntry) => void
  readonly onFailure: (error: unknown) => void
}

/** Files of one claim that are uploaded at once. */
const uploadsAtOnce = 4

type Prepared = {
  readonly entry: LedgerEntry
}

export class PartitionWorker {
  readonly chain: Chain
  readonly #context: WorkerContext
  #state: State = initialState
  #generation = 0
  /** Ends what the present assignment or recovery has under way. */
  #session = new AbortController()
  #filling = new RecordBuffer()
  #claiming: RecordBuffer | undefined
  /** When the oldest unclaimed offset came. */
  #fillingSinceMs: number | undefined
  #prepared: Prepared | undefined
  #highWatermark: number | undefined
  #lastCommitMs: number | undefined
  #lastMoveMs: number
  #entries = 0
  #trouble: unknown
  #protocolPaused = true
  #memoryPaused = false

  constructor(chain: Chain, context: WorkerContext) {
    this.chain = chain
    this.#context = context
    this.#lastMoveMs = context.dependencies.clock.now()
  }

  /** `topic/partition`, for people. */
  get name(): string {
    return `${this.chain.topic}/${this.chain.partition}`
  }

  get held() {
    const { partition } = this.chain
    return {
      partition,
      fillingBytes: this.#filling.bytes,
      claimingBytes: this.#claiming?.bytes ?? 0,
    }
  }

  get unflushedRecords(): number {
    return this.#filling.count + (this.#claiming?.count ?? 0)
  }

  /** The ledger's end, or undefined until it was read. */
  get head(): number | undefined {
    return 'head' in this.#state ? this.#state.head.offset : undefined
  }

  /** Next offset to fetch. */
  get position(): number | undefined {
    return isLive(this.#state) ? this.#state.position : this.head
  }

  /** Nothing is buffered and no claim is under way. */
  get isSettled(): boolean {
    const state = this.#state
    return !isLive(state) || (state.kind === 'filling' && state.position === state.head.offset)
  }

  /** An outside system has failed and is being asked again. */
  get isInTrouble(): boolean {
    return this.#trouble !== undefined
  }

  get lag(): number | undefined {
    const { head } = this
    return this.#highWatermark === undefined || head === undefined
      ? undefined
      : Math.max(0, this.#highWatermark - head)
  }

  /** Milliseconds for which the head has stood although records wait. */
  stuckForMs(nowMs: number): number {
    return this.#state.kind === 'unassigned' || !this.lag ? 0 : nowMs - this.#lastMoveMs
  }

  progress(): PartitionProgress {
    return {
      partition: this.chain.partition,
      state: this.#state.kind,
      head: this.head,
      highWatermark: this.#highWatermark,
      lagRecords: this.lag,
      bufferedBytes: this.#filling.bytes + (this.#claiming?.bytes ?? 0),
      lastCommitMs: this.#lastCommitMs,
    }
  }

  assign(generation: number): void {
    this.#generation = generation
    this.#dispatch({ kind: 'assign' })
  }

  revoke(): void {
    this.#dispatch({ kind: 'revoke' })
  }

  /** Claims what is buffered now; nothing happens when nothing is, or when a claim is under way. */
  flush(): void {
    this.#dispatch({ kind: 'flush', nonce: this.#context.dependencies.makeNonce() })
  }

  setMemoryPaused(paused: boolean): void {
    if (this.#memoryPaused === paused) return
    this.#memoryPaused = paused
    this.#applyPause()
  }

  onWatermarks({ high }: Watermarks): void {
    if (this.lag === 0) this.#lastMoveMs = this.#context.dependencies.clock.now()
    this.#highWatermark = Math.max(high, this.head ?? 0)
  }

  /** Whether a flush is due by bytes, records or age. */
  isDue(nowMs: number): boolean {
    const { rotateBytes, rotateRecords, rotateMs } = this.#context.options
    if (this.#state.kind !== 'filling' || this.#fillingSinceMs === undefined) return false
    return (
      this.#filling.bytes >= rotateBytes ||
      this.#filling.count >= rotateRecords ||
      nowMs - this.#fillingSinceMs >= rotateMs
    )
  }

  onBatch(batch: SourceBatch): void {
    this.onWatermarks({ low: 0, high: batch.highWatermark })
    if (this.#state.kind === 'verifying') {
      this.#verify(this.#state.last.offset, batch)
      return
    }
    const actions = this.#dispatch({ kind: 'records', from: batch.from, end: batch.end })
    if (!actions.some((action) => action.kind === 'keep')) return
    for (const record of batch.records) this.#filling.append(record, batch.leaderEpoch)
    const nowMs = this.#context.dependencies.clock.now()
    this.#fillingSinceMs ??= nowMs
    if (this.isDue(nowMs)) this.flush()
  }

  #verify(offset: number, batch: SourceBatch): void {
    if (batch.from > offset || batch.end <= offset) return
    const record = batch.records.find((candidate) => candidate.offset === offset)
    const crc = record === undefined ? undefined : recordCrc(record)
    this.#dispatch({ kind: 'verified', crc })
  }

  #dispatch(event: Event): readonly Action[] {
    const before = this.#state
    const { state, actions } = transition(before, event)
    this.#state = state
    if (before.kind !== state.kind) {
      const { log } = this.#context.dependencies
      log.debug(
        {
          event: 'landing.state',
          partition: this.name,
          by: event.kind,
          from: before.kind,
          to: state.kind,
        },
        `${this.name}: ${before.kind} → ${state.kind}`,
      )
    }
    for (const action of actions) this.#perform(action)
    return actions
  }

  #perform(action: Action): void {
    switch (action.kind) {
      case 'pause':
        this.#protocolPaused = true
        this.#applyPause()
        break
      case 'resume':
        this.#protocolPaused = false
        this.#applyPause()
        break
      case 'seek':
        this.#context.source.seek(this.chain.partition, action.offset)
        break
      case 'keep':
        // The batch is at hand where the event came from.
        break
      case 'drop':
        this.#drop()
        break
      case 'recover':
        this.#run(() => this.#recover())
        break
      case 'prepare':
        this.#run(() => this.#prepare(action.claim))
        break
      case 'claim':
        this.#run(() => this.#claim(action.claim, action.retry))
        break
      case 'hint':
        this.#context.source.commitHint(this.chain.partition, action.offset)
        break
      case 'report':
        this.#context.onFailure(failureToProblem(this.name, action.failure))
        break
      default:
        action satisfies never
    }
  }

  #applyPause(): void {
    this.#context.source.pause(this.chain.partition, this.#protocolPaused || this.#memoryPaused)
  }

  #drop(): void {
    this.#session.abort(new Error('the assignment is over'))
    this.#session = new AbortController()
    this.#filling = new RecordBuffer()
    this.#claiming = undefined
    this.#prepared = undefined
    this.#fillingSinceMs = undefined
    this.#trouble = undefined
  }

  /** Runs an action; what it throws ends the partition, unless its session is over. */
  #run(work: () => Promise<void>): void {
    const { signal } = this.#session
    work().catch((error: unknown) => {
      if (!signal.aborted) this.#dispatch({ kind: 'fail', error })
    })
  }

  #retries(): RetryContext {
    const { clock, log } = this.#context.dependencies
    return {
      clock,
      log: log.child({ partition: this.name }),
      signal: this.#session.signal,
      onTrouble: (error) => {
        this.#trouble = error
        // The time of an outage is not held against the partition.
        if (error === undefined) this.#lastMoveMs = clock.now()
      },
      isFatal: (error) => !(isProblem(error) && error.retryable),
    }
  }

  async #recover(): Promise<void> {
    const { source, startAt, options, dependencies } = this.#context
    const retries = this.#retries()
    const [head, watermarks] = await untilDone(
      'reading the ledger and the watermarks',
      retries,
      () => Promise.all([readHead(dependencies.store, this.chain), source.watermarks()]),
    )
    if (retries.signal.aborted) return
    const marks = watermarks.get(this.chain.partition)
    if (marks === undefined) {
      throw problem('landing/kafka-unreachable', {
        brokers: options.kafka.brokers.join(','),
        reason: `${this.name} is not there`,
      })
    }
    this.#entries = head?.entries ?? 0
    const prev = head === undefined ? null : { start: head.last.entry.start, etag: head.last.etag }
    this.#highWatermark = marks.high
    this.#dispatch({
      kind: 'recovered',
      head: { offset: head?.last.entry.end ?? 0, prev },
      startAt,
      logStart: marks.low,
      highWatermark: marks.high,
      last: head?.last.entry.last ?? null,
      onGap: options.onGap,
      nonce: dependencies.makeNonce(),
    })
    if (head !== undefined && head.read >= this.#checkpointEvery)
      await this.#checkpoint(head.last.entry, head.last.etag)
  }

  async #prepare(claim: Claim): Promise<void> {
    const { options, dependencies, encodeGate, assertSameTopic } = this.#context
    const retries = this.#retries()
    const { signal } = retries
    const records = this.#filling
    this.#claiming = records
    this.#filling = new RecordBuffer()
    this.#fillingSinceMs = undefined
    const landedAtMs = dependencies.clock.now()
    const encoded = await encodeGate(async () =>
      signal.aborted || records.count === 0
        ? []
        : await encodeRecords(dependencies.duckdb, records, {
            topic: options.topic,
            partition: this.chain.partition,
            schema: options.schema,
            maxRecordBytes: options.maxRecordBytes,
            landedAtMs,
            nonce: claim.nonce,
            tempDirectory: options.tempDirectory,
          }),
    ).catch((error: unknown) => {
      throw isProblem(error) ? error : this.#encodeFailed(claim, error)
    })
    const files: LedgerFile[] = []
    for (let at = 0; at < encoded.length; at += uploadsAtOnce) {
      const group = encoded
        .slice(at, at + uploadsAtOnce)
        .map((file) =>
          untilDone('writing a data file', retries, () =>
            putFile(dependencies.store, this.chain, claim, file),
          ),
        )
      files.push(...(await Promise.all(group)))
    }
    await untilDone('asking for the topic id', retries, assertSameTopic)
    if (signal.aborted) return
    this.#prepared = { entry: this.#entryOf(claim, files, records.last() ?? null) }
    this.#dispatch({ kind: 'prepared', nonce: claim.nonce })
  }

  #encodeFailed(claim: Claim, cause: unknown): Error {
    const { start, end } = claim
    return problem(
      'landing/encode-failed',
      { partition: this.name, start, end, reason: messageOf(cause) },
      { cause },
    )
  }

  #entryOf(claim: Claim, files: readonly LedgerFile[], last: LastOfInterval | null): LedgerEntry {
    const { options, dependencies } = this.#context
    const rows = (kind: LedgerFile['kind']) =>
      files.filter((file) => file.kind === kind).reduce((sum, file) => sum + file.rows, 0)
    const records = rows('data')
    const dead_letters = rows('dead_letter')
    return {
      v: 1,
      type: claim.type,
      prev: claim.prev,
      start: claim.start,
      end: claim.end,
      records,
      skipped: claim.end - claim.start - records - dead_letters,
      dead_letters,
      files: [...files],
      last:
        last === null
          ? null
          : { offset: last.offset, leader_epoch: last.leaderEpoch, crc: last.crc },
      writer: { id: options.writerId, generation: this.#generation },
      nonce: claim.nonce,
      high_watermark: this.#highWatermark ?? claim.end,
      created_at: new Date(dependencies.clock.now()).toISOString(),
    }
  }

  /** Every repetition of a claim sends the same bytes, so an answer that was lost can be recognised. */
  async #claim(claim: Claim, retry: boolean): Promise<void> {
    const { store, log, clock } = this.#context.dependencies
    const { signal } = this.#session
    if (claim.type !== 'data') this.#prepared ??= { entry: this.#entryOf(claim, [], null) }
    const entry = this.#prepared?.entry
    // A claim of data without its files would be a silent hole.
    if (entry?.nonce !== claim.nonce) throw new Error(`claim ${claim.nonce} was not prepared`)
    if (retry) await clock.sleep(claimPauseMs, signal)
    if (clock.now() - (nonceTimeMs(claim.nonce) ?? clock.now()) > claimAgeMs) {
      this.assign(this.#generation)
      return
    }
    const outcome = await putClaim(store, this.chain, entry).catch((error: unknown) => {
      if (!(isProblem(error) && error.retryable)) throw error
      this.#trouble = error
      const fields = {
        event: 'landing.claim-unanswered',
        partition: this.name,
        reason: messageOf(error),
      }
      log.warn(fields, `${this.name}: the claim at ${claim.start} was not answered; again`)
      return undefined
    })
    if (signal.aborted) return
    if (outcome === undefined) {
      this.#dispatch({ kind: 'unanswered', nonce: claim.nonce })
      return
    }
    this.#trouble = undefined
    if (outcome.kind === 'fenced') {
      const fields = {
        event: 'landing.fenced',
        partition: this.name,
        by: outcome.by,
        start: claim.start,
      }
      log.warn(
        fields,
        `${this.name}: offset ${claim.start} was landed by ${outcome.by}; our copy is dropped`,
      )
      this.#dispatch({ kind: 'fenced', nonce: claim.nonce })
      return
    }
    this.#committed(entry)
    this.#dispatch({ kind: 'committed', nonce: claim.nonce, etag: outcome.etag })
    this.#entries += 1
    if (this.#entries % this.#checkpointEvery === 0) await this.#checkpoint(entry, outcome.etag)
  }

  #committed(entry: LedgerEntry): void {
    const { log, clock } = this.#context.dependencies
    this.#claiming = undefined
    this.#prepared = undefined
    this.#lastCommitMs = clock.now()
    this.#lastMoveMs = this.#lastCommitMs
    const { type, start, end, records, dead_letters, files } = entry
    log.debug(
      { event: 'landing.commit', partition: this.name, type, start, end, records, dead_letters },
      `${this.name}: landed [${start}, ${end}) in ${files.length} files`,
    )
    this.#context.onCommit(entry)
  }

  get #checkpointEvery(): number {
    return this.#context.options.checkpointEvery ?? defaultCheckpointEvery
  }

  /** Only spares time at the next start: a failure is not worth more than a line. */
  async #checkpoint(entry: LedgerEntry, etag: string): Promise<void> {
    const { store, clock, log } = this.#context.dependencies
    const at = { start: entry.start, end: entry.end, etag, entries: this.#entries }
    await putCheckpoint(store, this.chain, at, new Date(clock.now())).catch((error: unknown) => {
      log.warn({ event: 'landing.no-checkpoint', partition: this.name, reason: messageOf(error) })
    })
  }
}

/** Between repetitions of a claim whose answer is unknown. */
const claimPauseMs = 500

function failureToProblem(partition: string, failure: Failure): unknown {
  switch (failure.kind) {
    case 'gap':
      return problem('landing/gap', {
        partition,
        head: failure.head,
        logStart: failure.logStart,
      })
    case 'log-behind':
      return problem('landing/log-behind', {
        partition,
        head: failure.head,
        highWatermark: failure.highWatermark,
      })
    case 'log-changed':
      return problem('landing/log-changed', { partition, offset: failure.offset })
    case 'broken':
      return failure.error
    default:
      return failure satisfies never
  }
}
