/** What `var()` knows in each package. */
import type { Config, ProjectSettings } from '../project/project.ts'
import type { CompileInputs } from './inputs.ts'

/** Least to most: the package's own, the root project's for all, for this package, the command line's. */
export function variablesOf(
  owner: string,
  { vars: root }: ProjectSettings,
  own: ProjectSettings | undefined,
  inputs: CompileInputs,
): Config {
  const scoped = (vars: Config | undefined) => {
    const found = vars?.[owner]
    return typeof found === 'object' && found !== null ? { ...found } : {}
  }
  return { ...own?.vars, ...scoped(own?.vars), ...root, ...scoped(root), ...inputs.vars }
}
