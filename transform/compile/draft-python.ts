/** Models written in Python: what they read stands in their calls of `dbt`; nothing of them is rendered. */

import { compileTemplate } from '../jinja/template.ts'
import type { PythonCall, PythonFile } from '../project/project-files.ts'
import { modelSource } from './draft-sources.ts'
import { type Compilation, folderConfigs, type SqlDraft, writtenConfig } from './drafts.ts'
import { ParseHost } from './parse-host.ts'
import { mergeConfig, tagsOf } from './resolve-config.ts'
import type { Versions } from './versions.ts'

export function pythonDrafts(compilation: Compilation, versions: Versions): SqlDraft[] {
  return compilation.project.pythonModels.map((file) => draftPython(compilation, versions, file))
}

function draftPython(compilation: Compilation, versions: Versions, file: PythonFile): SqlDraft {
  const source = modelSource(compilation, versions, file)
  const { fqn, patch } = source
  const configs = (where: typeof compilation.project, said: Config) => {
    const folders = folderConfigs(where, 'models', fqn)
    const own = mergeConfig({ materialized: 'table' }, mergeConfig(folders.own, said))
    return { own, root: folders.root }
  }
  const { own, root } = configs(compilation.project, patch?.config ?? {})
  const asked = new ParseHost(own)
  for (const call of file.calls) note(asked, call)
  noteReadKeys(asked, file.calls)
  const config = mergeConfig(asked.readConfig(), root)
  return {
    ...source,
    // Never rendered: the text is Python.
    template: compileTemplate(file.file, ''),
    config,
    naming: config,
    unrenderedConfig: writtenConfig(compilation, 'models', fqn, patch, asked.header),
    tags: tagsOf(config),
    asked,
    isEnabled: config['enabled'] !== false,
    language: 'python',
  }
}

type Config = Parameters<typeof mergeConfig>[0]

/** Which configs the code reads while it runs: dbt hands it those. */
function noteReadKeys(asked: ParseHost, calls: readonly PythonCall[]): void {
  for (const [name, prefix] of [
    ['config.get', 'config'],
    ['config.meta_get', 'meta'],
  ] as const) {
    const reads = calls.filter((call) => call.function === name)
    if (reads.length === 0) continue
    asked.config({
      [`${prefix}_keys_used`]: reads.map(({ positional }) => positional[0] ?? null),
      [`${prefix}_keys_defaults`]: reads.map(({ positional }) => positional[1] ?? null),
    })
  }
}

function note(asked: ParseHost, { function: name, positional, named }: PythonCall): void {
  const version = named['version'] ?? named['v']
  switch (name) {
    case 'ref':
      asked.ref(positional.map(String), version === undefined ? undefined : String(version))
      return
    case 'source':
      asked.source(String(positional[0]), String(positional[1]))
      return
    case 'config':
      asked.config(named)
      return
    case 'config.get':
    case 'config.meta_get':
      return
    default:
      name satisfies never
  }
}
