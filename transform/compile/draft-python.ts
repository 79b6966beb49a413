/** Models written in Python: what they read stands in their calls of `dbt`; nothing of them is rendered. */

import { compileTemplate } from '../jinja/template.ts'
import type { PythonCall, PythonFile } from '../project/project-files.ts'
import { modelSource } from './draft-sources.ts'
import { type Compilation, folderConfigs, type SqlDraft } from './drafts.ts'
import { ParseHost } from './parse-host.ts'
import { mergeConfig } from './resolve-config.ts'
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
  const config = mergeConfig(asked.readConfig(), root)
  const written = configs(compilation.written, patch?.unrendered ?? {})
  return {
    ...source,
    // Never rendered: the text is Python.
    template: compileTemplate(file.file, ''),
    config,
    unrenderedConfig: mergeConfig(mergeConfig(written.own, asked.header), written.root),
    asked,
    isEnabled: config['enabled'] !== false,
    language: 'python',
  }
}

type Config = Parameters<typeof mergeConfig>[0]

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
