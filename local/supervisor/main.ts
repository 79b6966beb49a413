/** The supervisor process: `node main.ts <state directory>`. SIGHUP: read again what is wanted. */
import { systemClock } from '../../core/clock.ts'
import { identify } from '../process/identity.ts'
import { runningSupervisor, writeSupervisorRecord } from './records.ts'
import { say } from './say.ts'
import { Supervisor } from './supervisor.ts'

const ownerPollMs = 500
const noteTimeoutMs = 30_000

const stateDir = process.argv[2] ?? ''
const supervisor = new Supervisor(stateDir)
process.on('SIGHUP', () => supervisor.reload())
process.on('SIGTERM', () => void stop('SIGTERM'))
process.on('SIGINT', () => void stop('SIGINT'))
process.on('uncaughtException', (error) => {
  say(error.stack ?? error.message)
  process.exitCode = 70
  void stop('an error of ours')
})

const ownProcess = identify(process.pid)
if (ownProcess === undefined) throw new Error('this process cannot see itself')
// Whoever started us notes our pid at once; only then may we change the note, or it would overwrite ours.
const deadline = systemClock.now() + noteTimeoutMs
while (runningSupervisor(stateDir)?.process.pid !== process.pid) {
  if (systemClock.now() > deadline) throw new Error('nobody is waiting for this supervisor')
  await systemClock.sleep(5)
}
writeSupervisorRecord(stateDir, {
  process: ownProcess,
  startedAt: new Date(systemClock.now()).toISOString(),
  accepting: true,
})
say(`supervises ${stateDir}`)
supervisor.reload()

const timer = setInterval(() => {
  if (supervisor.isAbandoned()) void stop('the end of its owner')
}, ownerPollMs)

async function stop(reason: string): Promise<void> {
  say(`stops because of ${reason}`)
  await supervisor.stop()
  clearInterval(timer)
  say('stopped')
  process.exit()
}
