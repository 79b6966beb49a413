/** Apache Kafka: one KRaft node that is broker and controller. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { host } from '../ports.ts'
import { run, tellingLines } from '../process/run.ts'
import type { Failure, Service, ServiceContext } from '../services.ts'
import { statePaths } from '../state.ts'
import { java, javaArguments } from './java.ts'
import { askClusterId } from './probe.ts'
import { brokerProperties } from './properties.ts'

export const kafka: Service = {
  name: 'kafka',
  prepare,
  command: ({ stateDir, cacheDir }) => ({
    file: java,
    args: javaArguments(cacheDir, 'kafka.Kafka', [propertiesFile(stateDir)]),
    stopSignal: 'SIGTERM',
  }),
  probe: async ({ ports, credentials }) => {
    const clusterId = await askClusterId(ports.kafka)
    if (clusterId !== credentials.kafkaClusterId) {
      throw new Error(`another Kafka cluster (${clusterId}) answers on port ${ports.kafka}`)
    }
  },
  address: ({ ports }) => `${host}:${ports.kafka}`,
}

/** Writes the configuration, and formats the data directory the first time. */
async function prepare(context: ServiceContext, signal: AbortSignal): Promise<Failure | undefined> {
  const { stateDir, cacheDir, ports, credentials } = context
  const home = statePaths(stateDir).data('kafka')
  const dataDir = join(home, 'data')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(
    propertiesFile(stateDir),
    brokerProperties({ port: ports.kafka, controllerPort: ports.kafkaController, dataDir }),
  )
  if (existsSync(join(dataDir, 'meta.properties'))) return undefined
  const args = ['format', '--ignore-formatted', '--cluster-id', credentials.kafkaClusterId]
  const { failure, output } = await run(
    java,
    javaArguments(cacheDir, 'kafka.tools.StorageTool', [
      ...args,
      '--config',
      propertiesFile(stateDir),
    ]),
    { signal },
  )
  if (failure === undefined) return undefined
  return { reason: `formatting ${dataDir} ${failure}`, lines: tellingLines(output) }
}

function propertiesFile(stateDir: string): string {
  return join(statePaths(stateDir).data('kafka'), 'server.properties')
}
