/** A child process for tests: commits n rows, each in its own transaction, and prints each one that was committed. */
import { openDuckdb } from '../../core/clients/duckdb.ts'
import { openLake } from '../../core/clients/lake.ts'
import { extensionDirectory } from './extension-directory.ts'

const [folder, writer, count] = process.argv.slice(2)
const lake = await openLake(
  await openDuckdb({ extensionDirectory, extensions: ['ducklake', 'sqlite_scanner'] }),
  {
    catalog: { kind: 'sqlite', path: `${folder}/catalog.sqlite` },
    dataPath: `${folder}/data/`,
  },
)
for (let n = 0; n < Number(count); n++) {
  await lake.transaction(async (transaction) => {
    await transaction.run(`insert into lake.log values ('${writer}', ${n})`)
  })
  process.stdout.write(`${writer} ${n}\n`)
}
lake.close()
