/** The stand-in as a process: `node main.ts <state directory> <cache directory>`. SIGTERM ends it. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { openLog } from '../../core/log.ts'
import { host } from '../ports.ts'
import { readState, region, statePaths } from '../state.ts'
import { killContainers, workDirOf } from './container/leftovers.ts'
import type { StandIn, Stores } from './context.ts'
import { openFiles } from './files.ts'
import { readImages } from './images.ts'
import { removeDirectory } from './remove-directory.ts'
import { createStandIn } from './server.ts'
import { openCollection } from './store.ts'

/** So long containers may take to end when we do: the supervisor waits 30 s for us. */
const shutdownMs = 20_000

const [stateDir = '', cacheDir = ''] = process.argv.slice(2)
const log = openLog('info')
const state = readState(stateDir)
if (state === undefined) throw new Error(`no state in ${stateDir}`)
const { ports, credentials } = state
const home = statePaths(stateDir).data('sagemaker')
const workDir = workDirOf(stateDir)
// What a stand-in that was killed left behind: processes first, then their files.
killContainers(stateDir)
removeDirectory(workDir, log)
mkdirSync(workDir, { recursive: true, mode: 0o700 })

const standIn: StandIn = {
  stores: openStores(join(home, 'records')),
  files: openFiles({
    endpoint: `http://${host}:${ports.s3}`,
    region,
    accessKeyId: credentials.s3AccessKeyId,
    secretAccessKey: credentials.s3SecretAccessKey,
  }),
  clock: systemClock,
  log,
  containers: () => readImages(stateDir, ownImageEnvironment()),
  workDir,
  logDir: join(home, 'logs'),
}
const { server, close } = createStandIn(standIn, {
  instance: credentials.kafkaClusterId,
  accessKeyId: credentials.s3AccessKeyId,
})
server.listen(ports.sagemaker, host)
server.on('error', (error) => {
  log.error({ event: 'server.broke', reason: error.message })
  process.exit(1)
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close()
    void Promise.race([close(), systemClock.sleep(shutdownMs)]).finally(() => {
      killContainers(stateDir) // also those that were being started just now
      removeDirectory(workDir, log)
      process.exit(0)
    })
  })
}

function openStores(records: string): Stores {
  return {
    jobs: openCollection(join(records, 'training-jobs')),
    models: openCollection(join(records, 'models')),
    endpointConfigs: openCollection(join(records, 'endpoint-configs')),
    endpoints: openCollection(join(records, 'endpoints')),
    groups: openCollection(join(records, 'model-package-groups')),
    packages: openCollection(join(records, 'model-packages')),
    tags: openCollection(join(records, 'tags')),
  }
}

/** The Python of the image of this project, as ml/image/install.sh put it into the cache. */
function ownImageEnvironment(): Readonly<Record<string, string>> {
  const [venv] = readdirSync(cacheDir)
    .filter((name) => /^ml-image-[^/]*\d$/.test(name))
    .sort()
    .reverse()
  return venv === undefined ? {} : { MILLRACE_ML_PYTHON: join(cacheDir, venv, 'bin', 'python') }
}
