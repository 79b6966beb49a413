/** The package hub: which versions a package has, what each needs, and where its archive is. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isProblem } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { type HttpOptions, httpGet } from './http-get.ts'

/** dbt's public hub, which packages are listed at unless DBT_PACKAGE_HUB_URL names another. */
export const defaultHubUrl = 'https://hub.getdbt.com/'

const oneOrMany = z.union([z.string().transform((text) => [text]), z.array(z.string())])

const versionSchema = z.object({
  name: z.string(),
  /** Entries as packages.yml has them. */
  packages: z.array(z.unknown()),
  downloads: z.object({
    tarball: z.string(),
    sha1: z.string().optional(),
    sha256: z.string().optional(),
  }),
  require_dbt_version: oneOrMany.nullish().transform((value) => value ?? []),
})

const packageSchema = z.object({
  name: z.string(),
  versions: z.record(z.string(), versionSchema),
  namespace: z.string().optional(),
  redirectnamespace: z.string().nullish(),
  redirectname: z.string().nullish(),
})

export type HubVersion = z.infer<typeof versionSchema>

export type HubPackage = {
  readonly versions: ReadonlyMap<string, HubVersion>
  /** `organisation/name` that it has moved to. */
  readonly movedTo: string | undefined
}

export interface Hub {
  /** @throws `packages/not-in-hub`, `packages/unreachable`, `packages/bad-answer` */
  findPackage(name: string): Promise<HubPackage>
  /** The archive, verified by its checksum. @throws `packages/checksum`, `packages/unreachable` */
  download(version: HubVersion): Promise<Buffer>
}

/** @param base with or without a slash at its end; each package is asked for once */
export function openHub(base: string, options: HttpOptions): Hub {
  const root = base.endsWith('/') ? base : `${base}/`
  const known = new Map<string, Promise<HubPackage>>()
  const find = async (name: string): Promise<HubPackage> => {
    try {
      const url = `${root}api/v1/${name}.json`
      const answer = await httpGet(url, options, (body) =>
        readJson(options.hide(url), body, packageSchema),
      )
      return {
        versions: new Map(Object.entries(answer.versions)),
        movedTo: newNameOf(name, answer),
      }
    } catch (error) {
      if (!isProblem(error, 'packages/absent')) throw error
      const near = nearest(name, await namesOf(root, options))
      throw problem('packages/not-in-hub', {
        package: name,
        hub: options.hide(root),
        nearest: near,
      })
    }
  }
  return {
    findPackage(name) {
      const found = known.get(name) ?? find(name)
      known.set(name, found)
      return found
    },
    async download({ downloads }) {
      const { tarball: url } = downloads
      return await httpGet(url, options, (body) => {
        assertChecksum(options.hide(url), body, downloads)
        return body
      })
    },
  }
}

/** Only to name the nearest one: without an answer there is none to name. */
async function namesOf(root: string, options: HttpOptions): Promise<string[]> {
  const url = `${root}api/v1/index.json`
  const once = { ...options, pausesMs: [] }
  return await httpGet(url, once, (body) =>
    readJson(options.hide(url), body, z.array(z.string())),
  ).catch(() => {
    options.signal.throwIfAborted()
    return []
  })
}

function newNameOf(name: string, answer: z.infer<typeof packageSchema>): string | undefined {
  const { redirectnamespace, redirectname } = answer
  if (!redirectnamespace && !redirectname) return undefined
  const [owner, own] = name.split('/')
  return `${redirectnamespace || owner}/${redirectname || own}`
}

function readJson<T>(url: string, body: Buffer, schema: z.ZodType<T>): T {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw problem('packages/bad-answer', { url, reason: 'it is not JSON' }, { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const reason = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`
  throw problem('packages/bad-answer', { url, reason }, { cause: parsed.error })
}

function assertChecksum(url: string, body: Buffer, downloads: HubVersion['downloads']): void {
  for (const [algorithm, length] of [['sha256', 64] as const, ['sha1', 40] as const]) {
    const wanted = downloads[algorithm]?.toLowerCase()
    if (wanted === undefined || wanted.length !== length) continue
    const found = createHash(algorithm).update(body).digest('hex')
    if (found !== wanted) throw problem('packages/checksum', { url, wanted, found })
  }
}
