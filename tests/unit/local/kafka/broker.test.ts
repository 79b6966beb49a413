import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { javaArguments } from '../../../../local/kafka/java.ts'
import { parseClusterId } from '../../../../local/kafka/probe.ts'
import {
  brokerProperties,
  brokerSettings,
  toImageEnvironment,
  toProperties,
} from '../../../../local/kafka/properties.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const place = {
  listens: ':9092',
  advertised: '127.0.0.1:29092',
  controller: ':9093',
  dataDir: '/d',
}

it('listens on loopback only and makes no topics by itself', () => {
  const text = brokerProperties({ port: 29092, controllerPort: 29093, dataDir: '/data' })
  expect(text).toContain('listeners=PLAINTEXT://127.0.0.1:29092,CONTROLLER://127.0.0.1:29093\n')
  expect(text).toContain('advertised.listeners=PLAINTEXT://127.0.0.1:29092\n')
  expect(text).toContain('auto.create.topics.enable=false\n')
})

it('escapes what means something in a properties file', () => {
  expect(toProperties({ 'log.dirs': 'C:\\data' })).toBe('log.dirs=C:\\\\data\n')
})

it('gives an image the same settings as variables', () => {
  const environment = toImageEnvironment(brokerSettings(place))
  expect(environment).toMatchObject({
    KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://127.0.0.1:29092',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    KAFKA_LOG_DIRS: '/d',
  })
})

it('names the jars in one order, since the start-up archive is valid for that order only', () => {
  const cache = temporaryDirectory()
  const lib = join(cache, 'kafka-4.3.1', 'lib')
  mkdirSync(lib, { recursive: true })
  for (const name of ['b.jar', 'a.jar', 'notes.txt']) writeFileSync(join(lib, name), '')
  const args = javaArguments(cache, 'kafka.Kafka', ['x.properties'])
  expect(args[args.indexOf('-cp') + 1]).toBe(`${lib}/a.jar:${lib}/b.jar`)
  expect(args.slice(-2)).toEqual(['kafka.Kafka', 'x.properties'])
})

it('says that set-up has not run when there are no jars', () => {
  const make = () => javaArguments(temporaryDirectory(), 'kafka.Kafka', [])
  expect(make).toThrowError(expect.objectContaining({ code: 'services/not-set-up', exitCode: 2 }))
})

/** A Metadata v7 response with the given brokers. */
function metadata(brokers: readonly { host: string; rack: string | undefined }[], cluster: string) {
  const int16 = (value: number) => Buffer.from([(value >> 8) & 0xff, value & 0xff])
  const int32 = (value: number) => Buffer.concat([int16(value >> 16), int16(value)])
  const text = (value: string | undefined) =>
    value === undefined ? int16(-1) : Buffer.concat([int16(value.length), Buffer.from(value)])
  return Buffer.concat([
    int32(7), // correlation id
    int32(0), // throttle time
    int32(brokers.length),
    ...brokers.flatMap(({ host, rack }) => [int32(1), text(host), int32(9092), text(rack)]),
    text(cluster),
    int32(1), // controller
    int32(0), // topics
  ])
}

it('reads the cluster id past brokers with and without a rack', () => {
  const brokers = [
    { host: '127.0.0.1', rack: undefined },
    { host: 'kafka-2.internal', rack: 'eu-1a' },
  ]
  expect(parseClusterId(metadata(brokers, 'abc_def-123'))).toBe('abc_def-123')
})

it('does not take a cluster without brokers for ready', () => {
  expect(() => parseClusterId(metadata([], 'abc'))).toThrow('no broker')
})
