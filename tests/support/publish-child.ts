/** A child process for tests: publishes the tables of a fixture's lake at its newest snapshot, again and again. */
import { publishRelations } from '../../transform/publish/publish.ts'
import { buildNumbers } from './build-numbers.ts'
import { openTestLake } from './publish-fixture.ts'

const [folder = '', postgresUrl = '', times = '1'] = process.argv.slice(2)
const lake = await openTestLake(folder)
for (let time = 0; time < Number(times); time++) {
  process.stdout.write('begin\n')
  await publishRelations(buildNumbers.requests, {
    lake,
    postgresUrl,
    schema: 'public',
    onProgress: ({ model, step }) => process.stdout.write(`${model} ${step}\n`),
  })
  process.stdout.write('end\n')
}
lake.close()
