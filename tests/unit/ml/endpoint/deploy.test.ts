/** What becomes of an endpoint when SageMaker refuses, or its answer is lost, at an unlucky moment. */
import { writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Deployment, deploy, finishDeployment } from '../../../../ml/endpoint/deploy.ts'
import { versionOf } from '../../../../ml/endpoint/serving.ts'
import { rollBackTo } from '../../../../ml/endpoint/take-back.ts'
import { readModel } from '../../../../ml/model/read-model.ts'
import { scoreRows } from '../../../../ml/model/score.ts'
import { createSageMakerClients, type SageMakerClients } from '../../../../ml/sagemaker/clients.ts'
import { runCommand } from '../../../support/ml/command.ts'
import { modelJson, servingJson } from '../../../support/ml/golden-model.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const model = readModel(modelJson, servingJson)

/** What the model says of a user about whom nothing is known, and of one about whom all is 1. */
const width = model.features.length
const scores = scoreRows(
  model,
  new Float32Array(2 * width).fill(Number.NaN, 0, width).fill(1, width),
)
const asTrained = JSON.stringify({
  model: { version: model.version },
  predictions: [...scores].map((one) => ({ score: one })),
})

type Endpoint = {
  readonly EndpointStatus: string
  readonly EndpointConfigName: string
  readonly PendingDeploymentSummary?: { readonly EndpointConfigName: string }
}

/** What SageMaker has; configurations newest first. An update ends when somebody looks, unless it never does. */
let endpoint: Endpoint | undefined
let configs: string[]
/** The model package of a configuration's model, which has its name; none has by default. */
let packages: Record<string, string>
let score: string
let approval: string | undefined
let neverEnds: boolean
/** How many requests it takes at once, and how many it refuses before it takes any. */
let capacity: number
let throttled: number
let running = 0
/** By operation: why it is refused, or that its answer is lost. */
let faults: Record<string, string | 'lost'>
/** Called with each operation before it is carried out. */
let onOperation: (operation: string) => void

const missing = {
  status: 400,
  body: { __type: 'ValidationException', message: 'Could not find it.' },
}
const version = {
  ModelPackageVersion: 1,
  ModelPackageArn: 'arn:aws:sagemaker:::model-package/e/1',
  ModelApprovalStatus: 'Approved',
}
const fine = { status: 200, body: {} }

function answer(operation: string, asked: Record<string, string>) {
  const { EndpointConfigName = '', ModelName = '' } = asked
  switch (operation) {
    case 'DescribeEndpoint': {
      if (endpoint === undefined) return missing
      const body = { ...endpoint, EndpointName: 'e' }
      const comesTo = endpoint.PendingDeploymentSummary ?? endpoint
      if (/ing$/.test(endpoint.EndpointStatus) && !neverEnds) endpoint = serving(comesTo)
      return { status: 200, body }
    }
    case 'ListEndpointConfigs':
      return {
        status: 200,
        body: {
          EndpointConfigs: configs.map((name, index) => ({
            EndpointConfigName: name,
            CreationTime: 1_000 - index,
          })),
        },
      }
    case 'DescribeEndpointConfig':
      if (packages[EndpointConfigName] === undefined) return missing
      return { status: 200, body: { ProductionVariants: [{ ModelName: EndpointConfigName }] } }
    case 'DescribeModel':
      return {
        status: 200,
        body: { PrimaryContainer: { ModelPackageName: packages[ModelName] } },
      }
    case 'CreateEndpointConfig':
      configs = [EndpointConfigName, ...configs]
      return fine
    case 'DeleteEndpointConfig':
      configs = configs.filter((name) => name !== EndpointConfigName)
      return fine
    case 'CreateEndpoint':
      endpoint = { EndpointStatus: 'Creating', EndpointConfigName }
      return fine
    case 'UpdateEndpoint':
      endpoint = {
        EndpointStatus: 'Updating',
        EndpointConfigName: endpoint?.EndpointConfigName ?? '',
        PendingDeploymentSummary: { EndpointConfigName },
      }
      return fine
    case 'ListModelPackages':
      return { status: 200, body: { ModelPackageSummaryList: [version] } }
    case 'DescribeModelPackage':
      return { status: 200, body: version }
    case 'UpdateModelPackage':
      approval = asked['ModelApprovalStatus']
      return fine
    case 'DeleteEndpoint':
      endpoint = undefined
      return fine
    default:
      return ModelName === '' ? missing : fine
  }
}

function serving({ EndpointConfigName }: { readonly EndpointConfigName: string }): Endpoint {
  return { EndpointStatus: 'InService', EndpointConfigName }
}

async function invoke(response: ServerResponse): Promise<void> {
  if (throttled > 0 || running >= capacity) {
    throttled = Math.max(0, throttled - 1)
    const headers = { 'x-amzn-errortype': 'ThrottlingException' }
    response.writeHead(429, headers).end(JSON.stringify({ message: 'Rate exceeded' }))
    return
  }
  running += 1
  await setTimeout(5) // so that those sent at once are there at once
  running -= 1
  response.writeHead(200).end(score)
}

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const target = request.headers['x-amz-target']
  const operation = target === undefined ? 'InvokeEndpoint' : String(target).split('.')[1]
  if (operation === undefined) throw new Error('no operation')
  onOperation(operation)
  const fault = faults[operation]
  if (operation === 'InvokeEndpoint') return await invoke(response)
  const refused = { status: 400, body: { __type: 'AccessDeniedException', message: fault } }
  const isRefused = fault !== undefined && fault !== 'lost'
  const { status, body } = isRefused
    ? refused
    : answer(operation, JSON.parse(Buffer.concat(chunks).toString()))
  if (fault === 'lost') return response.destroy()
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
  response.end(JSON.stringify(body))
})

let url: string
let clients: SageMakerClients
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  url = `http://127.0.0.1:${port}`
  const options = { endpoint: url, region: 'us-east-1', maxAttempts: 1 }
  clients = createSageMakerClients({ ...options, accessKeyId: 'a', secretAccessKey: 'b' })
})
afterAll(() => {
  clients.control.destroy()
  clients.runtime.destroy()
  server.close()
})

beforeEach(() => {
  endpoint = serving({ EndpointConfigName: 'e-v1-a' })
  configs = ['e-v1-a']
  packages = {}
  score = asTrained
  approval = 'Approved'
  neverEnds = false
  capacity = Number.POSITIVE_INFINITY
  throttled = 0
  faults = {}
  onOperation = () => {}
})

const deployment: Deployment = {
  endpoint: 'e',
  name: 'e-v3-c',
  modelPackageArn: 'arn:aws:sagemaker:us-east-1:000000000000:model-package/e/3',
  roleArn: 'arn:aws:iam::000000000000:role/sagemaker',
  serving: { kind: 'instance', type: 'ml.m5.large', count: 1 },
  origin: { project: 'shop', model: 'e' },
  expectation: { model },
}
const waiting = { maxSeconds: 5, signal: new AbortController().signal }

describe('deploy', () => {
  it('is done once the endpoint answers as it should, also when what lies about cannot be deleted', async () => {
    configs = ['e-v2-b', 'e-v1-a']
    faults['DeleteEndpointConfig'] = 'not allowed'
    expect(await deploy(clients, deployment, waiting)).toMatchObject({
      outcome: 'done',
      previous: 'e-v1-a',
      untidy: expect.stringContaining('not allowed'),
    })
  })

  it('asks again where live requests take what the endpoint takes at once', async () => {
    throttled = 6
    expect(await deploy(clients, deployment, waiting)).toMatchObject({ outcome: 'done' })
  })

  it('asks an endpoint without instances no more at once than it takes', async () => {
    capacity = 1
    let asked = 0
    onOperation = (operation) => {
      if (operation === 'InvokeEndpoint') asked += 1
    }
    const serving = { kind: 'serverless', memoryMb: 2048, concurrency: 1 } as const
    const deployed = await deploy(clients, { ...deployment, serving }, waiting)
    expect(deployed).toMatchObject({ outcome: 'done' })
    expect(asked).toBe(24) // none was refused
  })

  it('deletes what was begun before it and never served, and nothing of a command after it', async () => {
    endpoint = serving({ EndpointConfigName: 'e-v3-c' })
    configs = ['e-v4-d', 'e-v3-c', 'e-v2-b', 'e-v1-a']
    await finishDeployment(clients, deployment, 'e-v1-a', waiting)
    expect(configs).toEqual(['e-v4-d', 'e-v3-c', 'e-v1-a'])
  })

  it('leaves nothing to go back to where nothing served before', async () => {
    endpoint = { EndpointStatus: 'Failed', EndpointConfigName: 'e-v1-a' }
    let whenSent: string[] = []
    onOperation = (operation) => {
      if (operation === 'CreateEndpoint') whenSent = configs
    }
    configs = ['e-v1-a', 'e-v0-left']
    await deploy(clients, deployment, waiting)
    expect(whenSent).not.toContain('e-v1-a')
    expect(configs).toEqual(['e-v3-c'])
  })

  it('tells what is wrong with a version also when it cannot be taken back', async () => {
    score = 'nonsense'
    onOperation = (operation) => {
      if (operation === 'InvokeEndpoint') faults['DescribeEndpoint'] = 'out of reach'
    }
    expect(await deploy(clients, deployment, waiting)).toMatchObject({
      outcome: 'stuck',
      reason: expect.stringMatching(/nonsense.*out of reach/s),
    })
  })

  it.each(['DeleteEndpointConfig', 'DescribeEndpoint'])(
    'says why it was refused, also when %s is refused after that',
    async (operation) => {
      faults['UpdateEndpoint'] = 'the quota is used up'
      onOperation = (each) => {
        if (each === 'UpdateEndpoint') faults[operation] = 'nor that'
      }
      const deployed = deploy(clients, deployment, waiting)
      await expect(deployed).rejects.toThrow('the quota is used up')
    },
  )
})

describe('deploy, where what serves was never judged', () => {
  beforeEach(() => {
    endpoint = serving({ EndpointConfigName: 'e-v2-b' })
    configs = ['e-v2-b', 'e-v1-a']
  })

  it('goes back to what it is told to go back to', async () => {
    score = 'nonsense'
    expect(await deploy(clients, deployment, waiting, 'e-v1-a')).toMatchObject({
      outcome: 'rolled-back',
      previous: 'e-v1-a',
    })
    expect(endpoint?.EndpointConfigName).toBe('e-v1-a')
  })

  it('leaves no endpoint all the same where none served', async () => {
    endpoint = { EndpointStatus: 'Failed', EndpointConfigName: 'e-v2-b' }
    score = 'nonsense'
    expect(await deploy(clients, deployment, waiting, 'e-v1-a')).toMatchObject({
      outcome: 'failed',
      previous: undefined,
    })
    expect(endpoint).toBeUndefined()
  })

  it('tells what serves where SageMaker has gone back by itself', async () => {
    onOperation = (operation) => {
      if (operation === 'DescribeEndpoint' && endpoint?.PendingDeploymentSummary !== undefined)
        endpoint = serving(endpoint)
    }
    expect(await deploy(clients, deployment, waiting, 'e-v1-a')).toMatchObject({
      outcome: 'rolled-back',
      previous: 'e-v2-b',
    })
  })
})

describe('versionOf', () => {
  const found = (model: string) => versionOf(clients.control, 'e', model, 'e-v1-a')

  it('tells versions of one number by their models', async () => {
    packages = { 'e-v1-a': 'arn:aws:sagemaker:us-east-1:000000000000:model-package/other/1' }
    expect(await found('e')).toBeUndefined()
    expect(await found('other')).toBe(1)
  })

  it('goes by the name where the model was deleted', async () => {
    expect(await found('e')).toBe(1)
  })
})

describe('rollBackTo', () => {
  const rollBack = (maxSeconds = 5, signal = waiting.signal) =>
    rollBackTo(clients.control, 'e', 'e-v0-z', { maxSeconds, signal })

  it('knows that SageMaker goes on after an answer that was lost', async () => {
    faults['UpdateEndpoint'] = 'lost'
    expect(await rollBack()).toMatchObject({ outcome: 'unfinished' })
  })

  it('knows that SageMaker goes on when the time is up', async () => {
    neverEnds = true
    const cause = expect.objectContaining({ code: 'ml/deploy-unfinished' })
    expect(await rollBack(0.2)).toMatchObject({ outcome: 'unfinished', cause })
  })

  it('throws what was refused, also when Ctrl-C came meanwhile', async () => {
    faults['UpdateEndpoint'] = 'not allowed'
    const controller = new AbortController()
    onOperation = () => controller.abort(new Error('SIGINT'))
    await expect(rollBack(5, controller.signal)).rejects.toThrow('not allowed')
  })
})

describe('a command whose lake is out of reach', () => {
  const millrace = async (...args: string[]) => {
    const projectDir = temporaryDirectory()
    const keys = { access_key_id: 'a', secret_access_key: 'b' }
    const target = {
      services: 'external',
      sagemaker: { endpoint: url },
      s3: { endpoint: url, region: 'us-east-1', ...keys },
      lake: { catalog: 'postgres' },
      ml: { model_name: 'e' },
    }
    const project = { name: 'shop', default_target: 'one', targets: { one: target } }
    writeFileSync(join(projectDir, 'millrace.yml'), JSON.stringify(project))
    return await runCommand(['ml', ...args, '--project-dir', projectDir])
  }

  it.each([
    ['that it rolled back', undefined, 0],
    ['that it rolls back', 'lost', 3],
  ])('rejects the version, and says: %s', async (_, fault, code) => {
    configs = ['e-v1-a', 'e-v0-z']
    if (fault !== undefined) faults['UpdateEndpoint'] = fault
    const ran = await millrace('rollback')
    expect(ran, ran.stderr).toMatchObject({ code })
    expect(ran.stderr).toContain('not written down')
    expect(approval).toBe('Rejected')
  })

  it('has rejected the version before the endpoint moves: it may be killed while it waits', async () => {
    configs = ['e-v1-a', 'e-v0-z']
    const approvals: unknown[] = []
    onOperation = (operation) => {
      if (operation === 'UpdateEndpoint') approvals.push(approval)
    }
    await millrace('rollback')
    expect(approvals).toEqual(['Rejected'])
  })

  it('does not reject a version of the number that another model served', async () => {
    configs = ['e-v1-a', 'e-v0-z']
    packages = { 'e-v1-a': 'arn:aws:sagemaker:us-east-1:000000000000:model-package/other/1' }
    expect(await millrace('rollback')).toMatchObject({ code: 0 })
    expect(approval).toBe('Approved')
    expect(endpoint?.EndpointConfigName).toBe('e-v0-z')
  })

  it('leaves the version approved, and serving, when the endpoint is not moved', async () => {
    configs = ['e-v1-a', 'e-v0-z']
    faults['UpdateEndpoint'] = 'the quota is used up'
    const ran = await millrace('rollback')
    expect(ran.stderr).toContain('the quota is used up')
    expect(approval).toBe('Approved')
  })

  it('says that nothing has moved when the version cannot be rejected', async () => {
    configs = ['e-v1-a', 'e-v0-z']
    faults['UpdateModelPackage'] = 'not allowed'
    const ran = await millrace('rollback')
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('not allowed') })
    expect(ran.stderr).toContain('endpoint e serves version 1 as before')
    expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'e-v1-a' })
  })

  it('says that a version stays rejected when that cannot be undone', async () => {
    configs = ['e-v1-a', 'e-v0-z']
    onOperation = (operation) => {
      if (operation === 'UpdateEndpoint') faults['UpdateModelPackage'] = 'no longer allowed'
    }
    faults['UpdateEndpoint'] = 'the quota is used up'
    const ran = await millrace('rollback')
    expect(ran.stderr).toContain('`millrace ml promote 1 --no-deploy` approves it')
    expect(ran.stderr).toContain('the quota is used up')
  })

  it('deletes what an endpoint left whose deletion nobody waited for', async () => {
    endpoint = undefined
    await millrace('delete', '--endpoint', '--yes')
    expect(configs).toEqual([])
    const again = await millrace('delete', '--endpoint', '--yes')
    expect(again.stderr).toContain('error[ml/nothing-deployed]')
  })
})
