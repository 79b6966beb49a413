/** The stand-in for SageMaker: training jobs, endpoints and the model registry, as processes of this machine. */
import { mkdirSync } from 'node:fs'
import { runsFromSources, shippedFile } from '../../core/shipped-file.ts'
import { host } from '../ports.ts'
import type { Service, ServiceContext } from '../services.ts'
import { statePaths } from '../state.ts'

const entry = shippedFile(runsFromSources ? 'local/sagemaker/main.ts' : 'local/sagemaker.js')

export const sagemaker: Service = {
  name: 'sagemaker',
  prepare: async ({ stateDir }) => {
    mkdirSync(statePaths(stateDir).data('sagemaker'), { recursive: true, mode: 0o700 })
    return undefined
  },
  command: ({ stateDir, cacheDir }) => ({
    file: process.execPath,
    args: [entry, stateDir, cacheDir],
    stopSignal: 'SIGTERM',
  }),
  probe,
  address: ({ ports }) => `http://${host}:${ports.sagemaker}`,
}

/** It answers with the id of the instance it belongs to. */
async function probe({ ports, credentials }: ServiceContext): Promise<void> {
  const signal = AbortSignal.timeout(2_000)
  const answer = await fetch(`http://${host}:${ports.sagemaker}/health`, { signal })
  if ((await answer.text()) !== credentials.kafkaClusterId) {
    throw new Error(`the server on port ${ports.sagemaker} is not this instance's stand-in`)
  }
}
