/** versitygw: an S3 server whose objects are plain files. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { host } from '../ports.ts'
import type { Service, ServiceContext } from '../services.ts'
import { bucketName, region, statePaths } from '../state.ts'
import { cachePaths } from '../versions.ts'
import { signatureHeaders } from './signed-request.ts'

export const s3: Service = {
  name: 's3',
  prepare: async ({ stateDir }) => {
    // A directory at the top level is a bucket.
    mkdirSync(join(root(stateDir), bucketName), { recursive: true, mode: 0o700 })
    return undefined
  },
  command: ({ stateDir, cacheDir, ports, credentials }) => ({
    file: cachePaths.versitygw(cacheDir),
    args: [
      ...['--region', region, '--port', `${host}:${ports.s3}`, '--quiet', 'posix'],
      ...(existsSync(sidecar(stateDir)) ? ['--sidecar', sidecar(stateDir)] : []),
      root(stateDir),
    ],
    // Not as arguments: those are for everyone to see in the list of processes.
    env: {
      ROOT_ACCESS_KEY_ID: credentials.s3AccessKeyId,
      ROOT_SECRET_ACCESS_KEY: credentials.s3SecretAccessKey,
    },
    stopSignal: 'SIGTERM',
  }),
  probe,
  mend: ({ stateDir }, log) => {
    if (!/xattrs? (check failed|are not supported)/.test(log) || existsSync(sidecar(stateDir))) {
      return false
    }
    mkdirSync(sidecar(stateDir), { mode: 0o700 })
    return true
  },
  address: ({ ports }) => `http://${host}:${ports.s3}`,
}

function root(stateDir: string): string {
  return join(statePaths(stateDir).data('s3'), 'buckets')
}

/** Where ETags and the like go on a file system without extended attributes; it decides by being there. */
function sidecar(stateDir: string): string {
  return join(statePaths(stateDir).data('s3'), 'metadata')
}

/** Asks for our bucket with our own key, so that another server on the port is noticed. */
async function probe(context: ServiceContext): Promise<void> {
  const status = await askForBucket('HEAD', context)
  if (status !== 200) {
    throw new Error(`the server on port ${context.ports.s3} answers ${status} to our key`)
  }
}

/** Sends a signed request for the bucket itself. @returns the HTTP status */
export async function askForBucket(
  method: 'HEAD' | 'PUT',
  { ports, credentials }: Pick<ServiceContext, 'ports' | 'credentials'>,
): Promise<number> {
  const url = new URL(`http://${host}:${ports.s3}/${bucketName}`)
  const headers = signatureHeaders({
    method,
    url,
    region,
    accessKeyId: credentials.s3AccessKeyId,
    secretAccessKey: credentials.s3SecretAccessKey,
    at: new Date(),
  })
  const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(2_000) })
  return response.status
}
