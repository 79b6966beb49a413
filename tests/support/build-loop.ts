/** A child process for tests: builds the project in a folder again and again, each time with the next generation. */
import { openFolderLake, runFolder } from './project.ts'

const [folder = '', first] = process.argv.slice(2)
const lake = await openFolderLake(folder)
for (let generation = Number(first); ; generation++) {
  const run = await runFolder(folder, lake, { vars: { generation } })
  process.stdout.write(`${generation} ${run.outcome}\n`)
}
