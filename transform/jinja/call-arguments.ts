/** Reading the arguments of a call by position or name. */
import { type Arguments, TemplateFault } from './values.ts'

/**
 * The arguments by parameter name, undefined where none was given.
 * @throws TemplateFault for an argument the function does not have
 */
export function bindNamed(
  name: string,
  parameters: readonly string[],
  args: Arguments,
): Record<string, unknown> {
  if (args.positional.length > parameters.length) {
    throw new TemplateFault(
      `${name}() takes ${parameters.length} arguments, ${args.positional.length} were given`,
    )
  }
  const bound: Record<string, unknown> = Object.create(null)
  args.positional.forEach((value, index) => {
    bound[parameters[index] ?? ''] = value
  })
  for (const [key, value] of args.named) {
    if (!parameters.includes(key)) throw new TemplateFault(`${name}() has no argument ${key}`)
    bound[key] = value
  }
  return bound
}
