import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../core/clock.ts'
import { type PredictionQuestion, reasonsMs } from '../../../../core/contracts/predictor.ts'
import { silentLog } from '../../../../core/silent-log.ts'
import { readArchive, textOf } from '../../../../ml/model/read-archive.ts'
import { readModel } from '../../../../ml/model/read-model.ts'
import type { Champion } from '../../../../ml/predict/champion.ts'
import {
  createEndpointPredictor,
  type EndpointPredictorOptions,
} from '../../../../ml/predict/endpoint-predictor.ts'
import { toFeatureRow, toFeatureValue } from '../../../../ml/predict/feature-values.ts'
import { type LoadedModel, loadModel } from '../../../../ml/predict/load-model.ts'
import { createLocalPredictor } from '../../../../ml/predict/local-predictor.ts'
import { openServedModels, type Served } from '../../../../ml/predict/served-models.ts'
import { type FeatureSource, withReadLimit } from '../../../../ml/predict/stored-features.ts'
import { createSageMakerClients } from '../../../../ml/sagemaker/clients.ts'
import { openManualClock } from '../../../support/manual-clock.ts'
import { expected, modelJson, servingJson } from '../../../support/ml/golden-model.ts'
import { makeTarGz } from '../../../support/tar.ts'

const champion: Champion = {
  endpointName: 'shop',
  variantName: 'all',
  modelName: 'shop-1',
  artifactUri: 's3://models/1.tar.gz',
  createdAt: '2024-11-25T00:00:00.000Z',
}

function servingOf(version: string, rename: (name: string) => string = (name) => name): string {
  const serving = JSON.parse(servingJson)
  const features = serving.features.map(rename)
  return JSON.stringify({ ...serving, model_name: 'likely', model_version: version, features })
}

function loaded(version: string, rename?: (name: string) => string): LoadedModel {
  const text = servingOf(version, rename)
  return { champion, model: readModel(modelJson, text), servingJson: text, metricsJson: undefined }
}

/** What is known to be served, and what a look would find. */
function servedBy(state: Served | 'none', found = state) {
  let known = state
  return {
    now: async () => known,
    known: () => known,
    refresh: async () => {
      known = found
    },
  }
}

const one: Served = { endpointName: 'shop', models: [loaded('1')], unusable: [] }
const renamed: Served = {
  endpointName: 'shop',
  models: [loaded('2', (name) => (name === 'carts' ? 'baskets' : name))],
  unusable: [],
}

const names: readonly string[] = JSON.parse(servingJson).features
const columns = Object.fromEntries(names.map((name) => [name, 1]))
const source: FeatureSource = {
  rows: async ({ values }) =>
    (values[0] ?? '')
      .slice(1, -1)
      .split(',')
      .filter((id) => id !== '404')
      .map((id) => [id, '2024-11-25T00:00:00.000000Z', JSON.stringify({ ...columns, city: 'ä' })]),
}
const user: PredictionQuestion = { kind: 'user', userId: 7n }
const { signal } = new AbortController()
const plain = { signal, withReasons: false }

describe('the predictor of an endpoint', () => {
  let reply: { readonly status: number; readonly body: unknown }
  let asked: { instances: Record<string, number>[]; reasons: boolean }[]
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      asked.push(JSON.parse(body))
      response.writeHead(reply.status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(reply.body))
    })
  })
  let clients: ReturnType<typeof createSageMakerClients>
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo // it listens on a port
    const endpoint = `http://127.0.0.1:${port}`
    const keys = { accessKeyId: 'a', secretAccessKey: 'b' }
    clients = createSageMakerClients({ endpoint, region: 'us-east-1', maxAttempts: 1, ...keys })
  })
  afterAll(() => {
    clients.control.destroy()
    clients.runtime.destroy()
    server.close()
  })

  function open(served: EndpointPredictorOptions['served']) {
    asked = []
    const { runtime } = clients
    return createEndpointPredictor({
      runtime,
      endpointName: 'shop',
      served,
      source,
      lookMs: 30_000,
      clock: systemClock,
    })
  }
  const answers = (version: string, ...scores: number[]) => {
    const model = { name: 'likely', version }
    reply = { status: 200, body: { model, predictions: scores.map((score) => ({ score })) } }
  }

  it('sends the features of the model by name, and says who answered', async () => {
    answers('1', 0.25)
    const predictor = open(servedBy(one))
    const unknown: PredictionQuestion = { kind: 'user', userId: 404n }
    expect(await predictor.predict([unknown, user], plain)).toMatchObject([
      undefined,
      { userId: 7n, score: 0.25, modelVersion: '1', asOf: '2024-11-25T00:00:00.000000Z' },
    ])
    expect(asked).toEqual([{ instances: [columns], reasons: false }])
    expect(predictor.featureNames?.()).toEqual(names)
    expect(await predictor.predict([unknown], plain)).toEqual([undefined])
    expect(asked).toHaveLength(1)
  })

  it('takes no score of a model that was given the features of another', async () => {
    answers('2', 0.25)
    const predictor = open(servedBy(one, renamed))
    await expect(predictor.predict([user], plain)).rejects.toThrow('likely 2, whose features')
    // The next try knows them, and that the stored features lack one of them.
    await expect(predictor.predict([user], plain)).rejects.toMatchObject({
      code: 'ml/features-differ',
      message: expect.stringContaining('baskets'),
    })
  })

  it('takes that of a newer model with the same features', async () => {
    answers('2', 0.5)
    const next: Served = { endpointName: 'shop', models: [loaded('2')], unusable: [] }
    const predictor = open(servedBy(one, next))
    expect(await predictor.predict([user], plain)).toMatchObject([
      { score: 0.5, modelVersion: '2' },
    ])
  })

  it('asks for no reasons, and explains here by the model that has answered', async () => {
    answers('1', 0.5)
    const withReasons = { signal, withReasons: true }
    const [found] = await open(servedBy(one)).predict([user], withReasons)
    expect(asked).toMatchObject([{ reasons: false }])
    expect(found?.reasons?.[0]).toMatchObject({ value: 1, contribution: expect.any(Number) })
    // The trees of the next version take the same features in another order.
    answers('2', 0.5)
    const turned: Served = {
      endpointName: 'shop',
      models: [loaded('2', (name) => names[names.length - 1 - names.indexOf(name)] ?? name)],
      unusable: [],
    }
    const [next] = await open(servedBy(one, turned)).predict([user], withReasons)
    const strongest = names.indexOf(found?.reasons?.[0]?.feature ?? '')
    expect(next?.reasons?.[0]?.feature).toBe(names[names.length - 1 - strongest])
  })

  describe('whose archive cannot be used', () => {
    const tells = (version: string, features?: readonly string[], more: object = {}) => {
      const model = { name: 'likely', version, features }
      reply = { status: 200, body: { model, predictions: [{ score: 0.25, ...more }] } }
    }
    const unusable = (modelVersion?: string): Served => {
      return { endpointName: 'shop', models: [], unusable: [{ ...champion, modelVersion }] }
    }
    const away: EndpointPredictorOptions['served'] = {
      now: () => Promise.reject(new Error('SageMaker is away')),
      known: () => undefined,
      refresh: async () => undefined,
    }
    const describing = { instances: [{}], reasons: false, features: true }
    const scoring = { instances: [columns], reasons: false, features: true }

    it.each([
      ['because it is damaged', servedBy(unusable())],
      ['because SageMaker is away', away],
    ])('asks what it takes, %s, and says who answered', async (_, served) => {
      tells('1', names)
      const predictor = open(served)
      for (let time = 0; time < 2; time++) {
        expect(await predictor.predict([user], plain)).toMatchObject([
          { userId: 7n, score: 0.25, modelVersion: '1', source: 'endpoint' },
        ])
      }
      expect(asked).toEqual([describing, scoring, scoring])
      expect(predictor.featureNames?.()).toEqual(names)
      const wrong: PredictionQuestion = { kind: 'features', features: { sesions: 1 } }
      await expect(predictor.predict([wrong], plain)).rejects.toMatchObject({
        code: 'api/invalid-parameter',
      })
    })

    it('waits only so long for the first look', async () => {
      tells('1', names)
      const clock = openManualClock()
      const { runtime } = clients
      const hanging = { ...away, now: () => new Promise<never>(() => undefined) }
      const shared = { runtime, endpointName: 'shop', served: hanging, source, lookMs: 500, clock }
      const predictor = createEndpointPredictor(shared)
      const asking = predictor.predict([user], plain)
      await clock.advance(500)
      expect(await asking).toMatchObject([{ score: 0.25 }])
      // It does not wait again.
      expect(await predictor.predict([user], plain)).toMatchObject([{ score: 0.25 }])
    })

    it('has the reasons of the endpoint', async () => {
      tells('1', names, { reasons: [{ feature: 'carts', value: 1, contribution: 0.5 }] })
      const [found] = await open(away).predict([user], { signal, withReasons: true })
      expect(found?.reasons).toEqual([{ feature: 'carts', value: 1, contribution: 0.5 }])
    })

    it('takes no score of a model that was given the features of another', async () => {
      tells('1', names)
      const predictor = open(away)
      await predictor.predict([user], plain)
      tells('2', [...names, 'baskets'])
      await expect(predictor.predict([user], plain)).rejects.toThrow('takes other features')
      await expect(predictor.predict([user], plain)).rejects.toMatchObject({
        code: 'ml/features-differ',
        message: expect.stringContaining('baskets'),
      })
    })

    it('takes no score of another version than the registry says', async () => {
      tells('2', names)
      const other = open(servedBy(unusable('1'))).predict([user], plain)
      await expect(other).rejects.toThrow('answers as version 2, the registry says 1')
      expect(await open(servedBy(unusable('2'))).predict([user], plain)).toHaveLength(1)
    })

    it('takes none of an image that does not say what it takes', async () => {
      answers('1', 0.25)
      const asking = open(away).predict([user], plain)
      await expect(asking).rejects.toThrow('shop does not say what it takes')
    })
  })

  it('knows an endpoint that is not there from one that fails', async () => {
    expect(
      await open(servedBy('none'))
        .predict([user], plain)
        .catch((error) => error),
    ).toMatchObject({ code: 'api/no-model' })
    answers('1', 0.5, 0.5)
    await expect(open(servedBy(one)).predict([user], plain)).rejects.toThrow('2 predictions for 1')
    const message = 'Endpoint shop of account 000000000000 not found.'
    reply = { status: 400, body: { __type: 'ValidationError', message } }
    await expect(open(servedBy(one)).predict([user], plain)).rejects.toMatchObject({
      code: 'api/no-model',
    })
    reply = { status: 500, body: { __type: 'InternalFailure', message: 'no' } }
    await expect(open(servedBy(one)).predict([user], plain)).rejects.toThrow()
  })
})

describe('the predictor in this process', () => {
  const options = { served: servedBy(one), source, clock: systemClock }
  const nowhere = {
    runtime: createSageMakerClients({ region: 'us-east-1' }).runtime,
    endpointName: 'shop',
    lookMs: 30_000,
  }
  const rows = expected.rows.slice(0, 40)
  const questions = rows.map((row): PredictionQuestion => {
    const features = Object.fromEntries(names.map((name, place) => [name, row[place] ?? null]))
    return { kind: 'features', features }
  })

  it('gives the scores and reasons that Python recorded', async () => {
    const found = await createLocalPredictor(options).predict(questions, {
      signal,
      withReasons: true,
    })
    const recorded = expected.calibrated[0]?.scores ?? []
    found.forEach((prediction, index) => {
      expect(prediction).toMatchObject({ source: 'local', modelName: 'likely', modelVersion: '1' })
      expect(prediction?.asOf).toBeUndefined()
      expect(prediction?.score).toBeCloseTo(recorded[index] ?? Number.NaN, 6)
      for (const { feature, contribution, value } of prediction?.reasons ?? []) {
        const place = names.indexOf(feature)
        expect(contribution).toBeCloseTo(expected.contributions[index]?.[place] ?? Number.NaN, 6)
        expect(value).toBe(rows[index]?.[place])
      }
    })
  })

  it('lets others have a turn between two reasons, and stops when nobody waits', async () => {
    let turns = 0
    let isOver = false
    const turn = () => {
      turns += 1
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    const predictor = createLocalPredictor(options)
    const asking3 = [1, 2, 3].map(() => predictor.predict(questions, { signal, withReasons: true }))
    for (const found of await Promise.all(asking3)) {
      expect(found.every((one) => (one?.reasons?.length ?? 0) > 0)).toBe(true)
    }
    isOver = true
    // However many ask at the same time.
    expect(turns).toBeGreaterThanOrEqual(3 * questions.length - 1)
    const caller = new AbortController()
    const asking = predictor.predict(questions, { signal: caller.signal, withReasons: true })
    caller.abort(new Error('left'))
    await expect(asking).rejects.toThrow('left')
  })

  it('gives the scores without the reasons that there is no time for', async () => {
    const clock = openManualClock()
    const predictor = createLocalPredictor({ ...options, clock })
    let areScored = false
    const onScores = () => {
      areScored = true
    }
    const asking = predictor.predict(questions, { signal, withReasons: true, onScores })
    // Four rounds of the event loop, and a row in each.
    for (let round = 0; round < 4; round++) await clock.advance(0)
    expect(areScored).toBe(true)
    await clock.advance(reasonsMs(questions.length))
    const found = await asking
    expect(found.map((one) => one?.score)).not.toContain(undefined)
    expect(found[0]?.reasons).toBeDefined()
    expect(found.at(-1)).not.toHaveProperty('reasons')
  })

  it('has no model when none is deployed, and fails when it cannot be read', async () => {
    const none = createLocalPredictor({ ...options, served: servedBy('none') })
    await expect(none.predict([user], plain)).rejects.toMatchObject({ code: 'api/no-model' })
    expect(none.featureNames?.()).toBeUndefined()
    const empty = servedBy({ endpointName: 'shop', models: [], unusable: [champion] })
    const unusable = createLocalPredictor({ ...options, served: empty })
    await expect(unusable.predict([user], plain)).rejects.toThrow('no archive of shop')
  })

  it.each([
    ['here', () => createLocalPredictor(options)],
    ['at the endpoint', () => createEndpointPredictor({ ...options, ...nowhere })],
  ])('refuses features that the model does not take, %s too', async (_, open) => {
    const wrong: PredictionQuestion = { kind: 'features', features: { sesions: 1 } }
    await expect(open().predict([user, wrong], plain)).rejects.toMatchObject({
      code: 'api/invalid-parameter',
      message: expect.stringContaining('features.1.sesions'),
    })
  })

  it('says that features are not published', async () => {
    const failing: FeatureSource = {
      rows: () => Promise.reject(Object.assign(new Error('no table'), { code: '42P01' })),
    }
    const predictor = createLocalPredictor({ ...options, source: failing })
    await expect(predictor.predict([user], plain)).rejects.toMatchObject({ code: 'ml/no-features' })
  })
})

describe('what an endpoint serves', () => {
  const archiveOf = (version: string) =>
    makeTarGz([
      { path: 'model.json', text: modelJson },
      { path: 'serving.json', text: servingOf(version) },
    ])
  const uris = ['s3://models/a', 's3://models/b']
  let createdAt = 1
  const answers: Readonly<Record<string, (body: Record<string, string>) => object>> = {
    DescribeEndpoint: () => ({ EndpointStatus: 'InService', EndpointConfigName: 'c' }),
    DescribeEndpointConfig: () => ({
      ProductionVariants: uris.map((uri) => ({ VariantName: uri, ModelName: uri })),
    }),
    DescribeModel: ({ ModelName }) => ({
      CreationTime: createdAt,
      PrimaryContainer: { ModelDataUrl: ModelName },
    }),
  }
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? ''
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString())
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify(answers[operation]?.(body)))
  })
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => server.close())

  function open(archives: Map<string, Uint8Array>) {
    const { port } = server.address() as AddressInfo // it listens on a port
    const { control } = createSageMakerClients({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      accessKeyId: 'a',
      secretAccessKey: 'b',
    })
    const clock = openManualClock()
    const fetched: string[] = []
    const said: unknown[] = []
    const served = openServedModels({
      control,
      endpointName: 'shop',
      fetch: async (uri) => {
        fetched.push(uri)
        return archives.get(uri)
      },
      log: Object.assign(Object.create(silentLog), { error: (line: unknown) => said.push(line) }),
      clock,
      refreshMs: 1000,
    })
    onTestFinished(() => {
      served.close()
      control.destroy()
    })
    const look = async (afterMs: number) => {
      await clock.advance(afterMs)
      await served.refresh(0)
      const state = await served.now()
      return state === 'none' ? [] : state.models.map(({ model }) => model.version)
    }
    return { look, fetched, said }
  }

  it('is not fetched again and again when it cannot be used, and said once for each', async () => {
    const archives = new Map<string, Uint8Array>(uris.map((uri) => [uri, Buffer.from('nothing')]))
    const { look, fetched, said } = open(archives)
    for (let time = 0; time < 5; time++) expect(await look(1000)).toEqual([])
    expect(fetched.toSorted()).toEqual(uris)
    for (const uri of uris) archives.set(uri, archiveOf('1'))
    expect(await look(10_000)).toEqual(['1', '1'])
    expect(fetched).toHaveLength(4)
    expect(said).toHaveLength(2)
  })

  it('is fetched again when another model was made with the same address', async () => {
    const archives = new Map(uris.map((uri) => [uri, archiveOf('1')]))
    const { look, fetched } = open(archives)
    expect([await look(1), await look(1)]).toEqual([
      ['1', '1'],
      ['1', '1'],
    ])
    expect(fetched).toHaveLength(2)
    for (const uri of uris) archives.set(uri, archiveOf('2'))
    createdAt += 1
    expect(await look(1)).toEqual(['2', '2'])
  })
})

describe('stored features', () => {
  it('that do not come soon are no fault of the model', async () => {
    const clock = openManualClock()
    const query = { name: 'a', text: 'select', values: [], timeoutMs: 5000 }
    const hanging: FeatureSource = { rows: () => new Promise(() => undefined) }
    const reading = withReadLimit(hanging, 500, clock).rows(query)
    reading.catch(() => undefined)
    await clock.advance(499)
    expect(clock.sleeping).toBe(1)
    await clock.advance(1)
    await expect(reading).rejects.toMatchObject({ code: 'api/database-unavailable' })
    const rows = await withReadLimit({ rows: async () => [['7']] }, 500, clock).rows(query)
    expect([rows, clock.sleeping]).toEqual([[['7']], 0])
  })

  it.each([
    [null, null],
    ['NaN', null],
    ['-Infinity', null],
    [1e39, null],
    [true, 1],
    [-0.5, -0.5],
    [3.4028234663852886e38, 3.4028234663852886e38],
  ])('%s is %s to a model', (stored, value) => {
    expect(toFeatureValue(stored)).toBe(value)
  })

  it('are those of the model, in its order, whatever else there is', () => {
    const model = { name: 'm', version: '1', features: ['größe', 'b'] }
    const row = toFeatureRow(model, { b: 2, a: 1, größe: null })
    expect(Object.entries(row)).toEqual([
      ['größe', null],
      ['b', 2],
    ])
  })
})

describe('the archive of a model', () => {
  const files = [
    { path: './model.json', text: modelJson },
    { path: 'serving.json', text: servingOf('1') },
  ]
  const load = (archive: Uint8Array | undefined, more: Partial<Champion> = {}) =>
    loadModel({ ...champion, ...more }, async () => archive)

  it('is read, and checked against the registry', async () => {
    expect((await load(makeTarGz(files))).model.version).toBe('1')
    expect((await load(makeTarGz(files), { modelVersion: '1' })).model.name).toBe('likely')
    await expect(load(makeTarGz(files), { modelVersion: '2' })).rejects.toMatchObject({
      code: 'ml/model-damaged',
      message: expect.stringContaining('version 1, and the registry says 2'),
    })
    expect(textOf(await readArchive(makeTarGz(files)), 'model.json')).toBe(modelJson)
  })

  it.each([
    ['is no archive', Buffer.from('nothing'), 'ml/model-damaged'],
    ['ends in the middle', makeTarGz(files).subarray(0, 500), 'ml/model-damaged'],
    ['lacks a file', makeTarGz(files.slice(0, 1)), 'ml/model-damaged'],
    ['leads out', makeTarGz([{ path: '../model.json', text: modelJson }]), 'ml/model-damaged'],
    ['is not there', undefined, 'ml/artifact-missing'],
  ])('that %s is refused', async (_, archive, code) => {
    await expect(load(archive)).rejects.toMatchObject({ code })
  })
})
