/** The recorded model of tests/goldens/ml/record.py, and what XGBoost and scikit-learn said of 500 rows. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'

const read = (file: string) =>
  readFileSync(new URL(`../../goldens/ml/${file}`, import.meta.url), 'utf8')

export const modelJson = read('model.json')
export const servingJson = read('serving.json')

const numbers = z.array(z.number())

export const expected = z
  .object({
    rows: z.array(z.array(z.number().nullable())),
    margins: numbers,
    base: z.number(),
    contributions: z.array(numbers),
    calibrated: z.array(z.object({ calibration: z.json(), scores: numbers })),
  })
  .parse(JSON.parse(read('expected.json')))
