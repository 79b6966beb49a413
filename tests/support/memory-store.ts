/** An object store in memory with the semantics of S3 that the ledger needs; for tests of pure logic. */
import { createHash } from 'node:crypto'
import type { ObjectStore } from '../../core/clients/s3.ts'

export type MemoryStore = ObjectStore & { readonly objects: Map<string, Uint8Array> }

export function memoryStore(): MemoryStore {
  const objects = new Map<string, Uint8Array>()
  const etagOf = (body: Uint8Array) => `"${createHash('md5').update(body).digest('hex')}"`
  const describe = (key: string, body: Uint8Array) => ({
    key,
    bytes: body.length,
    etag: etagOf(body),
  })
  return {
    objects,
    bucket: 'memory',
    put: async (key, body) => {
      objects.set(key, body)
      return etagOf(body)
    },
    putIfAbsent: async (key, body) => {
      if (objects.has(key)) return { kind: 'exists' }
      objects.set(key, body)
      return { kind: 'written', etag: etagOf(body) }
    },
    get: async (key) => {
      const body = objects.get(key)
      return body === undefined ? undefined : { body, etag: etagOf(body) }
    },
    head: async (key) => {
      const body = objects.get(key)
      return body === undefined ? undefined : describe(key, body)
    },
    async *list(prefix, startAfter) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort()
      for (const key of keys) {
        const body = objects.get(key)
        if (body !== undefined && (startAfter === undefined || key > startAfter)) {
          yield describe(key, body)
        }
      }
    },
    delete: async (keys) => {
      for (const key of keys) objects.delete(key)
    },
    ping: async () => {},
    close: () => {},
  }
}
