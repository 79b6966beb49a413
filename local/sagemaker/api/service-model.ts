/** What the SDK's own model of SageMaker says of requests: names, types, patterns, limits (service-model.json). */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { shippedFile } from '../../../core/shipped-file.ts'

const shape = z.object({
  type: z.enum([
    'structure',
    'list',
    'map',
    'string',
    'boolean',
    'integer',
    'long',
    'float',
    'timestamp',
  ]),
  required: z.array(z.string()).optional(),
  members: z.record(z.string(), z.string()).optional(),
  member: z.string().optional(),
  key: z.string().optional(),
  value: z.string().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  pattern: z.string().optional(),
  enum: z.array(z.string()).optional(),
})
export type Shape = Readonly<z.infer<typeof shape>>

const serviceModel = z.object({
  operations: z.record(z.string(), z.string()),
  shapes: z.record(z.string(), shape),
})
export type ServiceModel = Readonly<z.infer<typeof serviceModel>>

/** Reads the model that is shipped beside the code. */
export function loadServiceModel(): ServiceModel {
  const file = shippedFile('local/sagemaker/service-model.json')
  return serviceModel.parse(JSON.parse(readFileSync(file, 'utf8')))
}
