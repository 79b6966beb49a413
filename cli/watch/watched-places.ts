/** Where the files of a project lie, its packages' too. */
import { dirname, join, resolve } from 'node:path'
import { findProfilesFile, type Project } from '../../transform/index.ts'
import type { GlobalArguments } from '../options.ts'
import type { ProfileArguments } from '../runner/run-context.ts'
import { profileRequest } from '../runner/run-context.ts'
import type { WatchedPlaces } from './watch-folders.ts'

/** Read beside the folders of a project or package. */
const ownFiles = [
  'dbt_project.yml',
  '.dbtignore',
  'packages.yml',
  'dependencies.yml',
  'package-lock.yml',
  'selectors.yml',
  'vars.yml',
]

/** What decides where models are built, absolute. */
export function settingsFiles(args: GlobalArguments & ProfileArguments): string[] {
  const root = resolve(args.projectDir)
  const { path } = findProfilesFile(profileRequest(args))
  const inRoot = ['dbt_project.yml', 'millrace.yml', 'profiles.yml'].map((name) => join(root, name))
  return path === undefined ? inRoot : [...inRoot, path]
}

/**
 * @param project undefined where dbt_project.yml itself could not be read
 * @param written folders that runs write to, absolute
 */
export function watchedPlaces(
  args: GlobalArguments & ProfileArguments,
  project: Project | undefined,
  written: readonly string[],
): WatchedPlaces {
  const root = resolve(args.projectDir)
  const settings = project === undefined ? [] : [project.settings, ...project.packages]
  const bases = settings.map((one) => ({ base: dirname(resolve(root, one.file)), one }))
  const installed = project && resolve(root, project.settings.packagesPath)
  return {
    files: [
      ...settingsFiles(args),
      ...[root, ...bases.map(({ base }) => base)].flatMap((base) =>
        ownFiles.map((name) => join(base, name)),
      ),
      ...(installed === undefined ? [] : [installed, join(installed, '.package-lock.yml')]),
    ],
    folders: bases.flatMap(({ base, one }) =>
      [
        ...one.modelPaths,
        ...one.seedPaths,
        ...one.testPaths,
        ...one.macroPaths,
        ...one.snapshotPaths,
        ...one.analysisPaths,
        ...one.functionPaths,
        ...one.docsPaths,
      ].map((folder) => resolve(base, folder)),
    ),
    without: installed === undefined ? written : [...written, installed],
  }
}
