/** `builtins.ref.config`: what dbt knows of the project that runs. Packages read their own version there. */
import {
  type Arguments,
  HostFunction,
  type HostObject,
  hostObject,
  makeHostObject,
  toTemplateValue,
  Undefined,
} from '../jinja/values.ts'
import type { Project, ProjectSettings } from '../project/project.ts'
import type { CompileInputs } from './inputs.ts'

type Known = {
  readonly project: Pick<Project, 'settings' | 'packages'>
  readonly inputs: Pick<CompileInputs, 'target' | 'vars'>
}

/** The function `ref` of a node, with that config as an attribute. */
export class RefFunction extends HostFunction implements HostObject {
  readonly [hostObject] = true
  readonly #config: () => HostObject
  constructor(call: (args: Arguments) => unknown, config: () => HostObject) {
    super('ref', call)
    this.#config = config
  }

  attribute(name: string): unknown {
    return name === 'config' ? this.#config() : new Undefined(name)
  }

  text(): string {
    return '<function ref>'
  }
}

/** @param args the command as it was typed, a dict */
export function runtimeConfig({ project, inputs }: Known, args: unknown): HostObject {
  const { settings, packages } = project
  const { target } = inputs
  const all = [settings, ...packages.filter(({ name }) => name !== settings.name)]
  return makeHostObject({
    ...attributesOf(settings),
    target_name: target.name,
    profile_name: target.profileName ?? target.name,
    threads: target.threads,
    cli_vars: toTemplateValue(inputs.vars),
    args,
    dependencies: new Map(all.map((each) => [each.name, makeHostObject(attributesOf(each))])),
  })
}

function attributesOf({ name, version, vars, ...settings }: ProjectSettings) {
  const written = () => new Map([['vars', toTemplateValue(vars)]])
  return {
    project_name: name,
    version: version ?? null,
    vars: makeHostObject({
      vars: toTemplateValue(vars),
      to_dict: new HostFunction('to_dict', written),
    }),
    model_paths: [...settings.modelPaths],
    seed_paths: [...settings.seedPaths],
    macro_paths: [...settings.macroPaths],
    test_paths: [...settings.testPaths],
    target_path: settings.targetPath,
    packages_install_path: settings.packagesPath,
  }
}
