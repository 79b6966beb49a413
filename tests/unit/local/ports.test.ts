import { createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { isProblem } from '../../../core/errors.ts'
import { choosePorts, isPortFree, type PortRequest } from '../../../local/ports.ts'
import { portNames } from '../../../local/state.ts'

const wanted = { kafka: 9092, kafkaController: 9093, s3: 9000, postgres: 5432, sagemaker: 8080 }
const request: PortRequest = {
  wanted,
  explicit: new Set(),
  kept: undefined,
  open: portNames,
}
const allFree = async () => true
const taken = (port: number) => async (candidate: number) => candidate !== port

it('takes the ports of the settings when they are free', async () => {
  expect(await choosePorts(request, allFree)).toEqual({ ports: wanted, changes: [] })
})

it('takes another port when one is in use, and says so', async () => {
  const { ports, changes } = await choosePorts(request, taken(9000))
  expect(ports).toEqual({ ...wanted, s3: expect.any(Number) })
  expect(ports.s3).not.toBe(9000)
  expect(changes).toEqual([{ port: 's3', wanted: 9000, taken: ports.s3 }])
})

it('refuses a port in use that the user chose himself, naming its setting', async () => {
  const chosen = choosePorts({ ...request, explicit: new Set(['s3']) }, taken(9000))
  const error = await chosen.catch((error: unknown) => error)
  expect(isProblem(error, 'services/port-taken') && error.message).toContain('9000')
  expect(isProblem(error) && error.exitCode).toBe(2)
  expect(isProblem(error) && error.hint).toContain('local.s3_port')
})

it('keeps the ports the instance had, whatever the settings say now', async () => {
  const kept = { kafka: 1, kafkaController: 2, s3: 3, postgres: 4, sagemaker: 5 }
  expect((await choosePorts({ ...request, kept }, allFree)).ports).toEqual(kept)
})

it('takes the port the user chose rather than the one the instance had', async () => {
  const kept = { kafka: 1, kafkaController: 2, s3: 3, postgres: 4, sagemaker: 5 }
  const explicit = new Set(['postgres'])
  const { ports } = await choosePorts({ ...request, kept, explicit }, allFree)
  expect(ports).toEqual({ ...kept, postgres: 5432 })
})

it('keeps the port of before when the user said that any will do', async () => {
  const kept = { kafka: 1, kafkaController: 2, s3: 3, postgres: 4, sagemaker: 5 }
  const any = { ...request, wanted: { ...wanted, s3: 0 }, explicit: new Set(['s3']), kept }
  expect((await choosePorts(any, allFree)).ports).toEqual(kept)
})

it('leaves ports alone whose services run', async () => {
  const kept = { kafka: 1, kafkaController: 2, s3: 3, postgres: 4, sagemaker: 5 }
  const nothingFree = async (port: number) => port > 5
  const { ports } = await choosePorts({ ...request, kept, open: ['s3'] }, nothingFree)
  expect(ports).toEqual({ ...kept, s3: expect.any(Number) })
  expect(ports.s3).toBeGreaterThan(5)
})

it('never gives one port to two services', async () => {
  const same = { kafka: 7000, kafkaController: 7000, s3: 7000, postgres: 7000, sagemaker: 7000 }
  const { ports } = await choosePorts({ ...request, wanted: same }, allFree)
  expect(new Set(Object.values(ports)).size).toBe(5)
})

it('takes any free port for 0, without a word', async () => {
  const none = { kafka: 0, kafkaController: 0, s3: 0, postgres: 0, sagemaker: 0 }
  const { ports, changes } = await choosePorts({ ...request, wanted: none }, allFree)
  expect(Object.values(ports).every((port) => port > 0)).toBe(true)
  expect(changes).toEqual([])
})

it('sees that a port is in use, also by a server on every address', async () => {
  const server = createServer()
  onTestFinished(() => void server.close())
  const port = await new Promise<number>((resolve) => {
    server.listen(0, () => {
      const address = server.address()
      resolve(typeof address === 'object' ? (address?.port ?? 0) : 0)
    })
  })
  expect(await isPortFree(port)).toBe(false)
})
