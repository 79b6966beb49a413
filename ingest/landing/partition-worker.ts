/** Lands one partition: feeds the state machine with what happens and carries out the actions it asks for. */
import type { Source, SourceBatch, Watermarks } from '../kafka/source.ts'
import type { LedgerEntry, LedgerFile } from '../ledger/entry.ts'
import type { Chain } from '../ledger/keys.ts'
import { Checkpoints } from './checkpoints.ts'
import { failureToProblem } from './failure-to-problem.ts'
import { HeadWatch } from './head-watch.ts'
import { type Action, type Claim, type Event, initialState, isLive, transition } from './machine.ts'
import { makeEntry } from './make-entry.ts'
import type { Held } from './memory.ts'
import type { LandingDependencies, LandingSettings, PartitionProgress } from './options.ts'
import { type PrepareContext, prepareFiles } from './prepare-files.ts'
import { type LastOfInterval, recordCrc } from './record-buffer.ts'
import { type RecoverContext, recover } from './recover.ts'
import type { RetryContext } from './retry.ts'
import { sendClaim } from './send-claim.ts'
import { UnflushedRecords } from './unflushed-records.ts'

export type WorkerContext = RecoverContext &
  PrepareContext & {
    readonly options: LandingSettings
    readonly dependencies: LandingDependencies
    readonly source: Pick<Source, 'seek' | 'pause' | 'commitHint' | 'watermarks'>
    readonly onCommit: (entry: LedgerEntry) => void
    readonly onFailure: (error: unknown) => void
  }

export class PartitionWorker {
  readonly chain: Chain
  readonly #context: WorkerContext
  readonly #watch: HeadWatch
  readonly #checkpoints: Checkpoints
  #state = initialState
  #generation = 0
  /** Ends what the present assignment or recovery has under way. */
  #session = new AbortController()
  #unflushed = new UnflushedRecords()
  /** Of the claim under way, once its files are written. */
  #entry: LedgerEntry | undefined
  #protocolPaused = true
  #memoryPaused = false

  constructor(chain: Chain, context: WorkerContext) {
    const { options, dependencies } = context
    this.chain = chain
    this.#context = context
    this.#watch = new HeadWatch(dependencies.clock)
    this.#checkpoints = new Checkpoints(chain, options.checkpointEvery, dependencies)
  }

  /** `topic/partition`, for people. */
  get name(): string {
    return `${this.chain.topic}/${this.chain.partition}`
  }

  get held(): Held {
    const { fillingBytes, claimingBytes } = this.#unflushed
    return { partition: this.chain.partition, fillingBytes, claimingBytes }
  }

  get unflushedRecords(): number {
    return this.#unflushed.count
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
    return this.#watch.isInTrouble
  }

  get lag(): number | undefined {
    return this.#watch.lag(this.head)
  }

  /** Milliseconds for which the head has stood although records wait. */
  stuckForMs(nowMs: number): number {
    return this.#watch.stuckForMs(this.head, nowMs)
  }

  progress(): PartitionProgress {
    const { partition, fillingBytes, claimingBytes } = this.held
    return {
      partition,
      state: this.#state.kind,
      head: this.head,
      highWatermark: this.#watch.highWatermark,
      lagRecords: this.lag,
      bufferedBytes: fillingBytes + claimingBytes,
      lastCommitMs: this.#watch.lastCommitMs,
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

  onWatermarks({ high }: Pick<Watermarks, 'high'>): void {
    this.#watch.logEndsAt(high, this.head)
  }

  /** Whether a flush is due by bytes, records or age. */
  isDue(nowMs: number): boolean {
    return this.#state.kind === 'filling' && this.#unflushed.isDue(this.#context.options, nowMs)
  }

  onBatch(batch: SourceBatch): void {
    this.onWatermarks({ high: batch.highWatermark })
    if (this.#state.kind === 'verifying') {
      this.#verify(this.#state.last.offset, batch)
      return
    }
    const actions = this.#dispatch({ kind: 'records', from: batch.from, end: batch.end })
    if (!actions.some((action) => action.kind === 'keep')) return
    const nowMs = this.#context.dependencies.clock.now()
    this.#unflushed.keep(batch, nowMs)
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
      this.#context.dependencies.log.debug(
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
    const { source, onFailure } = this.#context
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
        source.seek(this.chain.partition, action.offset)
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
        source.commitHint(this.chain.partition, action.offset)
        break
      case 'report':
        onFailure(failureToProblem(this.name, action.failure))
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
    this.#unflushed = new UnflushedRecords()
    this.#entry = undefined
    this.#watch.dropped()
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
      trouble: this.#watch,
    }
  }

  async #recover(): Promise<void> {
    const { signal } = this.#session
    const { facts, ledger } = await recover(this.chain, this.#context, this.#retries())
    if (signal.aborted) return
    this.#watch.recovered(facts.highWatermark)
    this.#dispatch({ kind: 'recovered', ...facts })
    await this.#checkpoints.recovered(ledger)
  }

  async #prepare(claim: Claim): Promise<void> {
    const { signal } = this.#session
    const records = this.#unflushed.take()
    const files = await prepareFiles(this.chain, claim, records, this.#context, this.#retries())
    if (signal.aborted) return
    this.#entry = this.#entryOf(claim, files, records.last())
    this.#dispatch({ kind: 'prepared', nonce: claim.nonce })
  }

  #entryOf(claim: Claim, files: readonly LedgerFile[], last?: LastOfInterval): LedgerEntry {
    const { options, dependencies } = this.#context
    return makeEntry(claim, {
      files,
      last,
      writer: { id: options.writerId, generation: this.#generation },
      highWatermark: this.#watch.highWatermark ?? claim.end,
      nowMs: dependencies.clock.now(),
    })
  }

  async #claim(claim: Claim, retry: boolean): Promise<void> {
    const { dependencies } = this.#context
    const { signal } = this.#session
    if (claim.type !== 'data') this.#entry ??= this.#entryOf(claim, [])
    const entry = this.#entry
    // A claim of data without its files would be a silent hole.
    if (entry?.nonce !== claim.nonce) throw new Error(`claim ${claim.nonce} was not prepared`)
    const answer = await sendClaim(this.chain, entry, dependencies, { retry, signal })
    // The store is in trouble whether or not the claim has been given up meanwhile.
    if (answer.kind === 'unanswered') this.#watch.troubled(answer.error)
    if (signal.aborted) return
    switch (answer.kind) {
      case 'committed':
        this.#committed(entry)
        this.#dispatch({ kind: 'committed', nonce: claim.nonce, etag: answer.etag })
        await this.#checkpoints.committed(entry, answer.etag)
        break
      case 'fenced':
        this.#logFenced(claim.start, answer.by)
        this.#dispatch({ kind: 'fenced', nonce: claim.nonce })
        break
      case 'unanswered':
        this.#dispatch({ kind: 'unanswered', nonce: claim.nonce })
        break
      case 'expired':
        this.assign(this.#generation)
        break
      default:
        answer satisfies never
    }
  }

  #committed(entry: LedgerEntry): void {
    this.#unflushed.landed()
    this.#entry = undefined
    this.#watch.committed()
    const { type, start, end, records, dead_letters, files } = entry
    this.#context.dependencies.log.debug(
      { event: 'landing.commit', partition: this.name, type, start, end, records, dead_letters },
      `${this.name}: landed [${start}, ${end}) in ${files.length} files`,
    )
    this.#context.onCommit(entry)
  }

  #logFenced(start: number, by: string): void {
    this.#context.dependencies.log.warn(
      { event: 'landing.fenced', partition: this.name, by, start },
      `${this.name}: offset ${start} was landed by ${by}; our copy is dropped`,
    )
  }
}
