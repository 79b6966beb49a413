/** What real dbt has built of the project, step by step. */
import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const relationSchema = z.object({
  kind: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.string()),
})

const stepSchema = z.object({
  /** Names of the nodes that failed. */
  failed: z.array(z.string()),
  relations: z.record(z.string(), relationSchema),
  extras: z.array(z.string()),
})

export type RecordedStep = z.infer<typeof stepSchema>

const file = new URL('./recorded-rows.json', import.meta.url)

export function readRecordedSteps(): RecordedStep[] {
  return z.array(stepSchema).parse(JSON.parse(readFileSync(file, 'utf8')))
}

export function writeRecordedSteps(steps: readonly RecordedStep[]): void {
  writeFileSync(file, `${JSON.stringify(steps, null, 1)}\n`)
}
