/**
 * Which directory stands for which image, and how hard the limits are. A file, read again for every job and every
 * endpoint, so that an image can be added while the stand-in runs:
 *
 *   { "images": { "<image uri>": { "directory": "/path/with/train/and/serve", "env": { "NAME": "value" } } },
 *     "limits": { "training_jobs": 4 } }
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { shippedFile } from '../../core/shipped-file.ts'
import { readJson, writeJson } from '../json-file.ts'
import { statePaths } from '../state.ts'
import { invalid } from './api/refusal.ts'

const image = z.strictObject({
  /** Holds the executables `train` and `serve`. Absolute. */
  directory: z.string().startsWith('/'),
  env: z.record(z.string(), z.string()).default({}),
  /** Memory of a job or an instance, instead of what its instance type has. */
  memory_mb: z.int().positive().optional(),
  /** As root on Linux: /opt/ml is the base directory too, for images that do not know SAGEMAKER_BASE_DIR. */
  bind_opt_ml: z.boolean().default(false),
  /** Until a container has to answer /ping for the first time, whatever the request allows. */
  ping_seconds: z.number().positive().default(240),
  /** Until a container has to answer an invocation. */
  invocation_seconds: z.number().positive().default(60),
})
export type Image = Readonly<z.output<typeof image>>

const limits = z.strictObject({
  /** Training jobs at once. */
  training_jobs: z.int().positive().default(4),
  /** Instances of all endpoints together. */
  endpoint_instances: z.int().positive().default(8),
  /** From SIGTERM to SIGKILL of a training job. */
  training_grace_seconds: z.number().positive().default(120),
  /** From SIGTERM to SIGKILL of an endpoint's container. */
  serving_grace_seconds: z.number().positive().default(30),
})

const containers = z.strictObject({
  images: z.record(z.string(), image).default({}),
  limits: limits.prefault({}),
})
export type ContainerSettings = Readonly<z.output<typeof containers>>

/** The image of this project, wherever nobody says otherwise. */
const ownImage = 'millrace-ml:local'

/** Where the file is. */
function imagesFile(stateDir: string): string {
  return join(statePaths(stateDir).data('sagemaker'), 'images.json')
}

/**
 * Says which directory stands for which image; replaces what was said before. The state directory must exist.
 * @throws `services/state-dir-unusable`
 */
export function writeImages(stateDir: string, settings: z.input<typeof containers>): void {
  writeJson(imagesFile(stateDir), containers.parse(settings))
}

/** Reads the file; without one there is only the image of this project. @throws `services/state-unreadable` */
export function readImages(stateDir: string, defaultEnv: Image['env']): ContainerSettings {
  const settings = readJson(imagesFile(stateDir), containers) ?? containers.parse({})
  const directory = shippedFile('ml/image/bin')
  if (!existsSync(directory) || settings.images[ownImage] !== undefined) return settings
  const own = image.parse({ directory, env: defaultEnv })
  return { ...settings, images: { ...settings.images, [ownImage]: own } }
}

/** @throws a `ValidationException` for an image that nobody described */
export function findImage(settings: ContainerSettings, uri: string): Image {
  const found = Object.hasOwn(settings.images, uri) ? settings.images[uri] : undefined
  if (found !== undefined) return found
  const known = Object.keys(settings.images).join(', ') || 'none'
  throw invalid(`Requested image ${uri} not found. The stand-in knows: ${known}.`)
}
