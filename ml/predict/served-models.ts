/**
 * Which models an endpoint serves, kept up to date in the background and evaluated here too. What is known is replaced
 * as a whole: whoever asked takes one state and stays with it, so a score never gets the name of another model.
 */
import type { SageMakerClient } from '@aws-sdk/client-sagemaker'
import type { Clock } from '../../core/clock.ts'
import { isProblem, messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { type Champion, findServed } from './champion.ts'
import { type FetchObject, type LoadedModel, loadModel } from './load-model.ts'

export type Served = {
  readonly endpointName: string
  /** Of all variants, the heaviest first; without those whose archive cannot be used. */
  readonly models: readonly LoadedModel[]
  /** The variants whose archive cannot be used. */
  readonly unusable: readonly Champion[]
}

export interface ServedModels {
  /** What is served as far as it is known, `none` when the endpoint is not there; waits only for the first look. */
  now(): Promise<Served | 'none'>
  /** The same without waiting; undefined before the first look. */
  known(): Served | 'none' | undefined
  /** Looks again, unless that was done within `maxAgeMs`. Never rejects. */
  refresh(maxAgeMs: number): Promise<void>
  close(): void
}

export type ServedModelsOptions = {
  readonly control: SageMakerClient
  readonly endpointName: string
  readonly fetch: FetchObject
  readonly log: Log
  readonly clock: Clock
  /** Between two looks. Default 15,000. */
  readonly refreshMs?: number
}

/** Begins to look at once, and goes on until it is closed. */
export function openServedModels(options: ServedModelsOptions): ServedModels {
  const { log, clock, endpointName, refreshMs = 15_000 } = options
  const over = new AbortController()
  const kept = new Map<string, Kept>()
  let state: Served | 'none' | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined
  let lastFailure: string | undefined

  async function load(champion: Champion): Promise<LoadedModel | undefined> {
    const { artifactUri } = champion
    const key = keyOf(champion)
    const old = kept.get(key)
    if (old?.loaded !== undefined) return { ...old.loaded, champion }
    if (old !== undefined && clock.now() < old.until) return undefined
    try {
      const loaded = await loadModel(champion, options.fetch)
      kept.set(key, { loaded })
      const { name: model_name, version: model_version } = loaded.model
      log.info({ event: 'model.loaded', artifact: artifactUri, model_name, model_version })
      return loaded
    } catch (error) {
      // Anything else may be over soon; until then what was known holds.
      if (!isProblem(error) || !error.code.startsWith('ml/')) throw error
      const failure = messageOf(error)
      kept.set(key, { failure, until: clock.now() + looksApart * refreshMs })
      if (failure === old?.failure) return undefined
      const about = { endpoint: endpointName, artifact: artifactUri }
      log.error({ event: 'model.unusable', ...about, err: error })
      return undefined
    }
  }

  /** A failure that lasts is said once. */
  function noteUnknown(error: unknown): void {
    const failure = messageOf(error)
    if (failure !== lastFailure) {
      log.error({ event: 'model.unknown', endpoint: endpointName, err: error })
    }
    lastFailure = failure
  }

  async function look(): Promise<void> {
    try {
      const found = await findServed(options, endpointName, { abortSignal: over.signal })
      const loaded = await Promise.all(found.map(load))
      const models = loaded.filter((model) => model !== undefined)
      const unusable = found.filter((_, index) => loaded[index] === undefined)
      lastFailure = undefined
      state = found.length === 0 ? 'none' : { endpointName, models, unusable }
      const used = new Set(found.map(keyOf))
      for (const key of kept.keys()) if (!used.has(key)) kept.delete(key)
    } catch (error) {
      if (!over.signal.aborted) noteUnknown(error)
    } finally {
      lookedAt = clock.now()
      looking = undefined
    }
  }

  async function refresh(maxAgeMs: number): Promise<void> {
    if (looking === undefined && clock.now() - lookedAt <= maxAgeMs) return
    looking ??= look()
    await looking
  }

  async function follow(): Promise<void> {
    while (!over.signal.aborted) {
      await refresh(refreshMs / 2)
      await clock.sleep(refreshMs, over.signal)
    }
  }
  follow().catch(() => {}) // the sleep ends so when it is closed

  return {
    known: () => state,
    now: async () => {
      // Whoever deploys a model wants to ask it at once.
      if (state === undefined || state === 'none') await refresh(soonMs)
      if (state === undefined) throw new Error(`what ${endpointName} serves is not known yet`)
      return state
    },
    refresh,
    close: () => over.abort(),
  }
}

const soonMs = 500

/** What cannot be used is fetched again after so many looks. */
const looksApart = 10

/** What became of an archive. */
type Kept =
  | { readonly loaded: LoadedModel; readonly failure?: undefined }
  | { readonly loaded?: undefined; readonly failure: string; readonly until: number }

/** An archive may be replaced under its address; a model of SageMaker is made anew for it. */
function keyOf({ modelName, createdAt, modelVersion, artifactUri }: Champion): string {
  return JSON.stringify([modelName, createdAt, modelVersion, artifactUri])
}
