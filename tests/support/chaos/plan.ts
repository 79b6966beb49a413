/** What is broken, when, and how: decided by a seed before anything runs. */

export type Fault =
  /** kill -9 of a consumer some time after it has begun to land; another takes its place at once. */
  | { readonly kind: 'kill-consumer'; readonly afterMs: number; readonly sameGroup: boolean }
  /**
   * SIGSTOP of a consumer between the writing of its files and its claim, for longer than its session, until
   * another one has landed what it holds: the one overlap that the condition is for.
   */
  | { readonly kind: 'freeze-consumer' }
  /** kill -9 of a service, and its start again. */
  | { readonly kind: 'kill-service'; readonly service: 'kafka' | 's3'; readonly downMs: number }
  /** A second consumer of the same group comes or goes. */
  | { readonly kind: 'consumers'; readonly count: 1 | 2 }

/** What happens to the registrar and its catalog, some time after the registrar has registered something. */
export type LakeFault =
  | { readonly kind: 'kill-registrar'; readonly afterMs: number }
  | { readonly kind: 'kill-postgres'; readonly afterMs: number; readonly downMs: number }

export type PlanOptions = {
  readonly seed: number
  readonly consumerKills: number
  readonly freezes: number
  readonly serviceKills: Readonly<Partial<Record<'kafka' | 's3', number>>>
}

export type LakePlanOptions = {
  readonly seed: number
  readonly registrarKills: number
  readonly postgresKills: number
}

/** Spreads the rarer faults evenly among the kills of consumers. */
export function planFaults(options: PlanOptions): readonly Fault[] {
  const random = randomOf(options.seed)
  const faults: { readonly at: number; readonly fault: Fault }[] = []
  for (let index = 0; index < options.consumerKills; index += 1) {
    const afterMs = Math.floor(random() * 1_500)
    faults.push({
      at: index,
      fault: { kind: 'kill-consumer', afterMs, sameGroup: random() < 0.15 },
    })
  }
  const spread = (count: number, make: () => Fault) => {
    for (let index = 0; index < count; index += 1) {
      const at = ((index + 0.2 + 0.6 * random()) * options.consumerKills) / count
      faults.push({ at, fault: make() })
    }
  }
  spread(options.freezes, () => ({ kind: 'freeze-consumer' }))
  for (const service of ['kafka', 's3'] as const) {
    spread(options.serviceKills[service] ?? 0, () => ({
      kind: 'kill-service',
      service,
      downMs: Math.floor(random() * 3_000),
    }))
  }
  const third = options.consumerKills / 3
  faults.push({ at: third + 0.01, fault: { kind: 'consumers', count: 2 } })
  faults.push({ at: 2 * third + 0.01, fault: { kind: 'consumers', count: 1 } })
  return faults.sort((a, b) => a.at - b.at).map(({ fault }) => fault)
}

/** Kills of the registrar, with those of PostgreSQL evenly among them. */
export function planLakeFaults(options: LakePlanOptions): readonly LakeFault[] {
  const { registrarKills, postgresKills } = options
  const random = randomOf(options.seed + 1)
  const total = registrarKills + postgresKills
  return Array.from({ length: total }, (_, index): LakeFault => {
    const afterMs = Math.floor(random() * 800)
    const downMs = Math.floor(random() * 3_000)
    const share = (at: number) => Math.floor((at * postgresKills) / total)
    return share(index + 1) > share(index)
      ? { kind: 'kill-postgres', afterMs, downMs }
      : { kind: 'kill-registrar', afterMs }
  })
}

/** mulberry32: small, seeded, good enough to choose moments. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
