/** The files of a project as drafts begin: what each is called, where dbt says it is, what schema files say of it. */
import type { ProjectSettings, SqlFile } from '../project/project.ts'
import type { Entry } from '../project/project-properties.ts'
import type { Compilation, DraftKind, DraftSource, Patch } from './drafts.ts'
import { fileKey, type Versions } from './versions.ts'

/** A path of the root project as a path of the package that it lies in. */
export function pathInPackage({ file: settingsFile }: ProjectSettings, file: string): string {
  const base = settingsFile.slice(0, settingsFile.lastIndexOf('/') + 1)
  return file.startsWith(base) ? file.slice(base.length) : file
}

/** Models written in SQL, with their versions. */
export function modelSources(compilation: Compilation, versions: Versions): DraftSource[] {
  return compilation.project.models.map((file) => modelSource(compilation, versions, file))
}

export function modelSource(
  compilation: Compilation,
  versions: Versions,
  file: SqlFile,
): DraftSource {
  const versioned = versions.files.get(fileKey(file))
  const name = versioned?.model ?? file.name
  const path = [name, ...(versioned === undefined ? [] : [`v${versioned.version}`])]
  const entry = versioned?.properties ?? compilation.properties.get(propertiesKey('model', file))
  return {
    ...placed(file, 'model'),
    name,
    version: versioned?.version,
    id: ['model', file.package, ...path].join('.'),
    fqn: [file.package, ...file.folders, ...path],
    v: versioned?.v,
    entry,
    patch: entry,
    isLatest: versioned?.isLatest ?? true,
  }
}

export function propertiesKey(kind: string, { package: owner, name }: NamedEntry): string {
  return `${kind}.${owner}.${name}`
}

type NamedEntry = Pick<Entry, 'package' | 'name'>

export function singularTestSources({ project }: Compilation): DraftSource[] {
  const entries = byName(project.testProperties)
  return project.tests.map((file) => ({
    ...placed(file, 'test'),
    id: `test.${file.package}.${file.name}`,
    fqn: [file.package, ...file.folders, file.name],
    patch: entries.get(nameKey(file)),
  }))
}

/** dbt puts a folder `analysis` around analyses, in names and in paths. */
export function analysisSources({ project }: Compilation): DraftSource[] {
  const entries = byName(project.analysisProperties)
  return project.analyses.map((file) => {
    const source = placed(file, 'analysis')
    return {
      ...source,
      id: `analysis.${file.package}.${file.name}`,
      fqn: [file.package, 'analysis', ...file.folders, file.name],
      path: `analysis/${source.path}`,
      patch: entries.get(nameKey(file)),
    }
  })
}

/** Blocks of SQL files, then those that a schema file defines by their `relation`. */
export function snapshotSources({ project }: Compilation): DraftSource[] {
  const entries = byName(project.snapshotProperties)
  const blocks = project.snapshots.map(
    (block): DraftSource => ({
      ...placed(block, 'snapshot'),
      hashed: block.fileText,
      id: `snapshot.${block.package}.${block.name}`,
      fqn: [block.package, ...block.folders, block.fileName, block.name],
      patch: entries.get(nameKey(block)),
    }),
  )
  const inYaml = project.snapshotProperties.flatMap((entry): DraftSource[] => {
    if (entry.relation === undefined) return []
    const { name, package: owner, file, folders } = entry
    return [
      {
        kind: 'snapshot',
        name,
        package: owner,
        file,
        id: `snapshot.${owner}.${name}`,
        fqn: [owner, ...folders, name],
        path: `${name}.sql`,
        text: `select * from {{ ${entry.relation} }}`,
        hashed: entry.fileText,
        patch: entry,
        isLatest: true,
      },
    ]
  })
  return [...blocks, ...inYaml]
}

export function functionSources({ project }: Compilation): DraftSource[] {
  const entries = byName(project.functionProperties)
  return project.functions
    .filter(({ language }) => language === 'sql')
    .map((file) => ({
      ...placed(file, 'function'),
      id: `function.${file.package}.${file.name}`,
      fqn: [file.package, ...file.folders, file.name],
      patch: entries.get(nameKey(file)),
    }))
}

export type HookSource = DraftSource & {
  readonly when: 'on-run-start' | 'on-run-end'
  readonly index: number
}

/** Lines of `on-run-start` and `on-run-end`, of packages too. */
export function hookSources({ project }: Compilation): HookSource[] {
  return [project.settings, ...project.packages].flatMap((settings) => {
    const lists = [
      ['on-run-start', settings.onRunStart],
      ['on-run-end', settings.onRunEnd],
    ] as const
    return lists.flatMap(([when, lines]) =>
      lines.map((text, index): HookSource => {
        const name = `${settings.name}-${when}-${index}`
        return {
          kind: 'operation',
          name,
          package: settings.name,
          file: settings.file,
          id: `operation.${settings.name}.${name}`,
          fqn: [settings.name, 'hooks', name],
          path: `hooks/${name}.sql`,
          text,
          hashed: settings.fileText,
          patch: undefined,
          isLatest: true,
          when,
          index,
        }
      }),
    )
  })
}

function placed(file: SqlFile, kind: DraftKind): DraftSource {
  const { name, package: owner, folders, text } = file
  const base = file.file.slice(file.file.lastIndexOf('/') + 1)
  return {
    kind,
    name,
    package: owner,
    file: file.file,
    id: '',
    fqn: [],
    path: [...folders, base].join('/'),
    text,
    patch: undefined,
    isLatest: true,
  }
}

function nameKey({ package: owner, name }: NamedEntry): string {
  return `${owner}.${name}`
}

function byName<T extends NamedEntry & Patch>(entries: readonly T[]): ReadonlyMap<string, T> {
  return new Map(entries.map((entry) => [nameKey(entry), entry]))
}
