/** The objects that addresses of settings and of SageMaker name, in whichever bucket they are. */
import type { ObjectStore, S3Options } from '../../core/clients/s3.ts'
import type { Config } from '../../core/config.ts'
import type { Objects } from '../../ml/sagemaker/objects.ts'
import { s3OptionsOf } from '../context.ts'

type OpenedObjects = { readonly objects: Objects; readonly close: () => void }

/** Opens a client for each bucket when something of it is first asked for. */
export async function openObjects(options: S3Options): Promise<OpenedObjects> {
  const { openS3 } = await import('../../core/clients/s3.ts')
  const stores = new Map<string, ObjectStore>()
  const placeOf = (uri: string) => {
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri) ?? []
    const store = stores.get(bucket) ?? openS3({ ...options, bucket })
    stores.set(bucket, store)
    return { store, key, bucket }
  }
  const objects: Objects = {
    fetch: async (uri) => {
      const { store, key } = placeOf(uri)
      return (await store.get(key))?.body
    },
    put: async (uri, body, contentType) => {
      const { store, key } = placeOf(uri)
      await store.put(key, body, contentType)
    },
    list: async (uri) => {
      const { store, key, bucket } = placeOf(uri)
      const found: string[] = []
      for await (const object of store.list(key)) found.push(`s3://${bucket}/${object.key}`)
      return found
    },
  }
  const close = () => {
    for (const store of stores.values()) store.close()
  }
  return { objects, close }
}

/** Runs `work` with clients of the buckets that it needs, and ends them. @throws `config/missing-value` */
export async function withObjects<T>(
  config: Config,
  work: (objects: Objects) => Promise<T>,
): Promise<T> {
  const { objects, close } = await openObjects(await s3OptionsOf(config))
  try {
    return await work(objects)
  } finally {
    close()
  }
}
