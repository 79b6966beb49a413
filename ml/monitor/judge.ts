/** What was measured, held against where it becomes a worry: one check a line. */
import type { Delayed, Measured } from './measure.ts'
import type { Reference } from './reference.ts'
import { nullShareOf, rowsOf, stabilityIndex } from './spread.ts'

/** `unknown`: there is too little to judge by. */
type Severity = 'fine' | 'unknown' | 'warn' | 'alarm'

export type Check = {
  readonly check: 'psi' | 'nulls' | 'volume' | 'coverage' | 'auc' | 'freshness'
  /** A feature, or `score`, `users`, `features`. */
  readonly subject: string
  readonly value?: number | undefined
  readonly warnAt?: number | undefined
  readonly alarmAt?: number | undefined
  readonly severity: Severity
  readonly message: string
}

export type JudgeOptions = {
  readonly features: readonly string[]
  readonly reference: Reference
  /** Of the model's own test rows. */
  readonly testAuc: { readonly value: number; readonly low: number } | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  readonly maxAgeHours: number
}

/** Below, chance alone moves the index of ten bins by half of what is worth a warning. */
const leastRows = 200
/** Of each class, for an AUC whose interval says something. */
const leastLabels = 30

const psi = { warnAt: 0.1, alarmAt: 0.25 }
const nulls = { warnAt: 0.05, alarmAt: 0.2 }
const volume = { warnAt: 0.25, alarmAt: 0.5 }
const coverage = { warnAt: 0.01, alarmAt: 0.1 }
/** Below the interval of the test by this, it is no longer the model that was approved. */
const aucAlarmBelow = 0.03

/** Every check, in a fixed order; none is left out when all is well. */
export function judge(measured: Measured, options: JudgeOptions): readonly Check[] {
  const { features, reference } = options
  return [
    judgeFreshness(measured, options),
    judgeVolume(measured),
    judgeCoverage(measured),
    judgeAuc(measured.delayed, options),
    judgePsi('score', reference.score, measured.scores),
    ...features.flatMap((feature, place) => {
      const spread = reference.features[place]
      const counts = measured.features[place]
      if (spread === undefined || counts === undefined) return []
      return [judgePsi(feature, spread, counts), judgeNulls(feature, spread, counts)]
    }),
  ]
}

/** The worst of them; what cannot be judged is no worry. */
export function worstOf(checks: readonly Check[]): 'fine' | 'warn' | 'alarm' {
  if (checks.some(({ severity }) => severity === 'alarm')) return 'alarm'
  return checks.some(({ severity }) => severity === 'warn') ? 'warn' : 'fine'
}

type Limits = { readonly warnAt: number; readonly alarmAt: number }

function severityOf(value: number, { warnAt, alarmAt }: Limits): Severity {
  if (value >= alarmAt) return 'alarm'
  return value >= warnAt ? 'warn' : 'fine'
}

function judgePsi(subject: string, spread: Reference['score'], counts: Measured['scores']): Check {
  const rows = rowsOf(counts)
  if (rows < leastRows) {
    const message = `${rows} rows; ${leastRows} are needed`
    return { check: 'psi', subject, ...psi, severity: 'unknown', message }
  }
  const value = stabilityIndex(spread, counts)
  const message = `spread of ${rows} rows against that of the training`
  return { check: 'psi', subject, value, ...psi, severity: severityOf(value, psi), message }
}

function judgeNulls(
  subject: string,
  spread: Reference['score'],
  counts: Measured['scores'],
): Check {
  const now = nullShareOf(counts)
  const value = Math.abs(now - spread.null_share)
  const isJudged = rowsOf(counts) >= leastRows
  const severity = isJudged ? severityOf(value, nulls) : 'unknown'
  const message = `${percent(now)} are null, ${percent(spread.null_share)} in the training`
  return { check: 'nulls', subject, value, ...nulls, severity, message }
}

function judgeVolume({ users, volumes }: Measured): Check {
  const usual = volumes.toSorted((left, right) => left - right)[volumes.length >> 1]
  const base = { check: 'volume', subject: 'users', ...volume } as const
  if (usual === undefined || usual === 0) {
    return { ...base, severity: 'unknown', message: `${users} users; none were scored before` }
  }
  const value = Math.abs(users / usual - 1)
  const message = `${users} users; ${usual} are usual in ${volumes.length} runs`
  return { ...base, value, severity: severityOf(value, volume), message }
}

function judgeCoverage({ users, unscored }: Measured): Check {
  const base = { check: 'coverage', subject: 'users', ...coverage } as const
  if (users === 0) return { ...base, severity: 'alarm', message: 'there are no users' }
  const value = unscored / users
  const message = `${unscored} of ${users} users have no score of this model on their newest features`
  return { ...base, value, severity: severityOf(value, coverage), message }
}

function judgeAuc(delayed: Delayed | undefined, { testAuc }: JudgeOptions): Check {
  const base = { check: 'auc', subject: 'score' } as const
  if (delayed === undefined) {
    return { ...base, severity: 'unknown', message: 'no label of a score is known yet' }
  }
  const { auc, positives, negatives } = delayed
  const labels = `${positives} buyers and ${negatives} others`
  if (Math.min(positives, negatives) < leastLabels) {
    const message = `${labels}; ${leastLabels} of each are needed`
    return { ...base, severity: 'unknown', message }
  }
  const error = 1.96 * standardErrorOf(delayed)
  const found = `${auc.toFixed(3)} ± ${error.toFixed(3)} of ${labels}`
  if (testAuc === undefined) {
    return { ...base, value: auc, severity: 'unknown', message: `${found}; no test to compare` }
  }
  const limits = { warnAt: testAuc.low, alarmAt: testAuc.low - aucAlarmBelow }
  const best = auc + error
  const severity = best < limits.alarmAt ? 'alarm' : best < limits.warnAt ? 'warn' : 'fine'
  const message = `${found}; ${testAuc.value.toFixed(3)} when it was tested`
  return { ...base, value: auc, ...limits, severity, message }
}

/** Hanley and McNeil, "The meaning and use of the area under a ROC curve", 1982. */
function standardErrorOf({ auc, positives, negatives }: Delayed): number {
  const ofPositives = auc / (2 - auc) - auc ** 2
  const ofNegatives = (2 * auc ** 2) / (1 + auc) - auc ** 2
  const sum = auc * (1 - auc) + (positives - 1) * ofPositives + (negatives - 1) * ofNegatives
  return Math.sqrt(Math.max(0, sum) / (positives * negatives))
}

function judgeFreshness({ newestAsOf }: Measured, { now, maxAgeHours }: JudgeOptions): Check {
  const limits = { warnAt: maxAgeHours, alarmAt: 2 * maxAgeHours }
  const base = { check: 'freshness', subject: 'features', ...limits } as const
  if (newestAsOf === undefined) return { ...base, severity: 'alarm', message: 'there are none' }
  const value = (now - newestAsOf) / 3_600_000
  const message = `known up to ${new Date(newestAsOf).toISOString()}; age in hours`
  return { ...base, value, severity: severityOf(value, limits), message }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
