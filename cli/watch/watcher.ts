/** One look at the project after an edit: parse, compare, build what has become another. */
import { performance } from 'node:perf_hooks'
import { isProblem, MillraceError } from '../../core/errors.ts'
import { type Project, parsedState } from '../../transform/index.ts'
import type { GlobalArguments } from '../options.ts'
import { registerThenPublish } from '../runner/around-build.ts'
import { artifactFolders } from '../runner/artifact-options.ts'
import { printReasons, reasonsOf } from '../runner/execute-changed.ts'
import { runOpened } from '../runner/execute-run.ts'
import { logicOfProject } from '../runner/logic-of-project.ts'
import { type OpenedProject, openProject } from '../runner/open-project.ts'
import type { RunArguments } from '../runner/options.ts'
import { assertPublishable } from '../runner/publish-built.ts'
import type { RunContext } from '../runner/run-context.ts'
import { printWarning } from '../runner/warnings.ts'
import type { Edits } from './edits.ts'
import type { HeldPlace } from './held-place.ts'
import { openPending } from './pending.ts'
import type { WatchPrinter } from './print-watch.ts'
import type { FolderWatch } from './watch-folders.ts'
import { settingsFiles, watchedPlaces } from './watched-places.ts'

export type WatcherParts = {
  readonly args: RunArguments & GlobalArguments & { readonly initial: boolean }
  /** As the printers of a run take it. */
  readonly format: string
  readonly watch: FolderWatch
  readonly place: HeldPlace
  readonly printer: WatchPrinter
  readonly signal: AbortSignal
}

type Watcher = {
  /**
   * @param edits undefined at the start, and where something is tried again
   * @returns whether it could not be built only because somebody else holds the database's file
   * @throws `cli/interrupted` when the signal cut a build short, and what keeps a watch from beginning; what else
   * goes wrong is printed
   */
  readonly takeUp: (edits: Edits | undefined) => Promise<boolean>
}

export function openWatcher(parts: WatcherParts): Watcher {
  const { args, place, printer, signal } = parts
  const pending = openPending()
  const parse = openParser(parts)
  let hasOpened = false
  let hasBegun = false
  let isLocked = false

  const build = async (context: Place, project: OpenedProject, work: Work) => {
    await runOpened(
      'build',
      args,
      { config: context.config, database: context.database, project, signal },
      {
        only: new Set(pending.reasons.keys()),
        beforeRun: ({ graph }) => assertPublishable(graph),
        onPlan: (plan) => {
          pending.narrow(new Set(plan.stages.map(({ node }) => node.id)))
          if (!work.isTold) printer.reasons(plan, pending.reasons)
        },
        onResult: (result) => {
          pending.built(result)
          printer.built(result, performance.now() - work.since)
        },
        afterCommit: registerThenPublish.afterCommit,
      },
    )
  }

  /** What is to be built though nobody has edited it. @returns whether the reasons have been printed */
  const begin = async ({ config, database }: Place, project: OpenedProject) => {
    if (!args.initial) return false
    if (database.lake === undefined || args.fullRefresh) {
      pending.addAll(project.graph)
      return true
    }
    const opened = { config, database, project, signal }
    const reasons = await reasonsOf('build', args, opened, registerThenPublish)
    printReasons(reasons, parts.format)
    pending.add(reasons.flatMap(({ id, reason }) => (reason ? [[id, reason] as const] : [])))
    return true
  }

  const attempt = async (edits: Edits | undefined, since: number) => {
    const paths = edits?.paths ?? new Set()
    if (edits !== undefined) printer.edited(paths)
    if (settingsFiles(args).some((file) => paths.has(file))) await place.leave()
    const context = await place.open()
    hasOpened = true
    if (context.isNew) hasBegun = false
    place.warm()
    const { project, state } = await parse(context)
    printer.gone(pending.parsed(state, paths))
    const isTold = !hasBegun && (await begin(context, project))
    hasBegun = true
    if (pending.reasons.size > 0) await build(context, project, { since, isTold })
    else if (!isTold) printer.unchanged()
  }

  return {
    takeUp: async (edits) => {
      const wasLocked = isLocked
      isLocked = false
      try {
        await attempt(edits, edits?.since ?? performance.now())
      } catch (error) {
        // What no edit can mend is not waited for: there is no project, or no such profile.
        if (signal.aborted || !hasOpened) throw error
        isLocked = isProblem(error, 'profile/database-locked')
        if (!isLocked || !wasLocked) printer.problems(error)
        // A server that was away is connected to anew.
        if (error instanceof MillraceError && error.retryable) await place.leave()
      } finally {
        await place.rest()
      }
      if (!isLocked) printer.waiting()
      return isLocked
    },
  }
}

type Place = Pick<RunContext, 'config' | 'database'>

type Work = {
  /** Of the edit, by `performance.now()`. */
  readonly since: number
  readonly isTold: boolean
}

/** Parses the project, and watches the folders that it turns out to have. */
function openParser({ args, watch }: WatcherParts) {
  let told: ReadonlySet<string> = new Set()
  let isWatching = false
  return async ({ config, database }: Place) => {
    const since = Date.now()
    const update = (loaded: Project | undefined, written: readonly string[]) => {
      watch.update(watchedPlaces(args, loaded, written), since)
      isWatching = true
    }
    // What was said after the edit before is not said again.
    const warnings = new Map<string, MillraceError>()
    const project = await openProject(config, args, database, {
      onLoaded: (loaded) => {
        const { target, logs } = artifactFolders(config, loaded.settings, args)
        update(loaded, [config.stateDir, target, logs])
      },
      onWarning: (warning) => warnings.set(`${warning.code} ${warning.message}`, warning),
    }).catch((error: unknown) => {
      // dbt_project.yml itself cannot be read, so nobody knows the folders.
      if (!isWatching) update(undefined, [])
      throw error
    })
    for (const [text, warning] of warnings) if (!told.has(text)) printWarning(warning)
    told = new Set(warnings.keys())
    const { logicOf } = await logicOfProject(project, database.target)
    return { project, state: parsedState(project.graph, logicOf) }
  }
}
