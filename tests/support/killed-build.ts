/** A child process for tests: builds a project on its folder's lake and kills itself just before or after the commit. */
import { type Adapter, ducklakeAdapter } from '../../transform/index.ts'
import { openFolderLake, runFolder } from './project.ts'

const [folder = '', when = 'before', publish = 'atomic'] = process.argv.slice(2)
const lake = await openFolderLake(folder)
const adapter = ducklakeAdapter(lake)
const die = () => process.kill(process.pid, 'SIGKILL')
const dying: Adapter = {
  ...adapter,
  transaction: async (work, options) => {
    const result = await adapter.transaction(async (session) => {
      const done = await work(session)
      if (when === 'before') die()
      return done
    }, options)
    die()
    return result
  },
  connect: async () => {
    const session = await adapter.connect()
    const commit = session.commit.bind(session)
    session.commit = async (options) => {
      const isOfNode = options.message.endsWith(': kept')
      if (isOfNode && when === 'before') die()
      await commit(options)
      if (isOfNode) die()
    }
    return session
  },
}
await runFolder(folder, dying, {
  vars: { step: 2 },
  publish: publish === 'atomic' ? 'atomic' : 'per-node',
})
