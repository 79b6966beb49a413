import { expect, it } from 'vitest'
import { explainLakeError } from '../../../../../core/clients/lake/failures.ts'

const options = {
  catalog: { kind: 'sqlite', path: '/lake.sqlite' },
  dataPath: 's3://millrace/lake/',
} as const

it.each([
  [
    'IO Error: Could not write file "/full/x.parquet.1.partial": No space left on device',
    'No space is left on /full/x.parquet.1.partial: ',
  ],
  [
    'Out of Memory Error: failed to offload data block of size 256.0 KiB (2.6 MiB/2.6 MiB used).\nThis limit was set by max_temp_directory_size.',
    'No space is left on the temporary directory (duckdb.temp_directory): ',
  ],
  ['IO Error: No space left on device', 'No space is left on s3://millrace/lake/: '],
])('a full disk is named: %s', (message, said) => {
  const explained = explainLakeError(new Error(message), options)
  expect(explained).toMatchObject({
    code: 'lake/out-of-space',
    message: expect.stringContaining(said),
  })
})
