/** What is broken, when, and how: decided by a seed before anything runs. */

export type Fault =
  /** kill -9 of a consumer some time after it has begun to land; another takes its place at once. */
  | { readonly kind: 'kill-consumer'; readonly afterMs: number; readonly sameGroup: boolean }
  /** SIGSTOP of a consumer for longer than its session, while another one lands. */
  | { readonly kind: 'freeze-consumer'; readonly afterMs: number }
  /** kill -9 of a service, and its start again. */
  | {
      readonly kind: 'kill-service'
      readonly service: 'kafka' | 's3' | 'postgres'
      readonly downMs: number
    }
  /** A second consumer of the same group comes or goes. */
  | { readonly kind: 'consumers'; readonly count: 1 | 2 }

export type PlanOptions = {
  readonly seed: number
  readonly consumerKills: number
  readonly freezes: number
  readonly serviceKills: Readonly<Partial<Record<'kafka' | 's3' | 'postgres', number>>>
}

/** Spreads the rarer faults evenly among the kills of consumers. */
export function planFaults(options: PlanOptions): readonly Fault[] {
  const random = randomOf(options.seed)
  const faults: { readonly at: number; readonly fault: Fault }[] = []
  for (let index = 0; index < options.consumerKills; index += 1) {
    const afterMs = Math.floor(random() * 2_500)
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
  spread(options.freezes, () => ({
    kind: 'freeze-consumer',
    afterMs: 300 + Math.floor(random() * 900),
  }))
  for (const service of ['kafka', 's3', 'postgres'] as const) {
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
