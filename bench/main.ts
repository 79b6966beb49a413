/** `make bench`: every figure a document may quote, one after the other, on this machine. */
import { spawnSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

const benches = ['parse.ts', 'produce.ts', 'landing.ts', 'demo.ts']

const [cpu] = cpus()
const memoryGib = Math.round(totalmem() / 2 ** 30)
console.log(
  `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${memoryGib} GiB, Node ${process.version}`,
)
console.log(`${new Date().toISOString()}\n`)

let failed = 0
for (const name of benches) {
  console.log(`== bench/${name}`)
  const script = fileURLToPath(new URL(name, import.meta.url))
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' })
  if (status !== 0) failed += 1
  console.log('')
}
process.exitCode = failed === 0 ? 0 : 1
