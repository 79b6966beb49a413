/** A runner as a process of its own, to be killed: builds what its parent asks for, one build after the other. */
import { flushCompileCache } from 'node:module'
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import type { LakeOptions } from '../../../core/clients/lake/attach.ts'
import { openLake } from '../../../core/clients/lake.ts'
import { messageOf } from '../../../core/errors.ts'
import type { PublishMode } from '../../../transform/index.ts'
import { extensionDirectory } from '../extension-directory.ts'
import { runFolder } from '../project.ts'

export type BuilderArguments = {
  readonly folder: string
  readonly lake: LakeOptions
  readonly publish: PublishMode
}

export type BuildRequest = {
  readonly generation: number
  /** A data test fails. */
  readonly isBroken?: boolean
  readonly fullRefresh?: boolean
}

export type BuilderMessage =
  | { readonly kind: 'ready' }
  /** A node has ended; after the last one comes the commit. */
  | { readonly kind: 'node'; readonly index: number; readonly total: number }
  | { readonly kind: 'ended'; readonly outcome: string; readonly detail: string }

async function main(): Promise<void> {
  const argument = JSON.parse(process.argv[2] ?? '{}') as BuilderArguments // written by our parent
  const lake = await openLake(await openDuckdb({ extensionDirectory, threads: 2 }), argument.lake)
  process.on('message', (request: BuildRequest) => {
    void build(request).then(tell)
  })
  // What is killed writes nothing at its end.
  flushCompileCache()
  tell({ kind: 'ready' })

  async function build(request: BuildRequest): Promise<BuilderMessage> {
    const { generation, isBroken, fullRefresh } = request
    try {
      const { outcome, results } = await runFolder(argument.folder, lake, {
        publish: argument.publish,
        vars: { generation, broken: isBroken ? 1 : 0 },
        fullRefresh: fullRefresh === true,
        onEvent: (event) => {
          if (event.kind !== 'finished') return
          tell({ kind: 'node', index: event.index, total: event.total })
        },
      })
      const wrong = results.filter(({ status }) => status === 'error' || status === 'fail')
      const detail = wrong.map(({ name, message }) => `${name}: ${message}`).join('; ')
      return { kind: 'ended', outcome, detail }
    } catch (error) {
      return { kind: 'ended', outcome: 'thrown', detail: messageOf(error) }
    }
  }
}

function tell(message: BuilderMessage): void {
  process.send?.(message)
}

// Also when the test that started us was killed.
process.once('disconnect', () => process.exit())

await main()
