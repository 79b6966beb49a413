/**
 * Rendering a template that is text and calls with written-out arguments, as most models are: to walk it costs a third
 * of making JavaScript of it that runs once.
 */
import type { Argument, Body } from './ast.ts'
import type { Runtime } from './runtime.ts'
import type { Scope } from './scope.ts'
import { readArguments } from './static-calls.ts'

type Call = { readonly name: string; readonly args: readonly Argument[]; readonly at: number }

/** What `makeFunction` would make of the body in mode `async`, or undefined for a template that is not plain. */
export function plainTemplate(
  body: Body,
): ((runtime: Runtime, scope: Scope) => Promise<string>) | undefined {
  const pieces: (string | Call)[] = []
  for (const statement of body) {
    if (statement.kind === 'text') {
      pieces.push(statement.text)
      continue
    }
    if (statement.kind !== 'output') return undefined
    const { value } = statement
    if (value.kind !== 'call' || value.callee.kind !== 'name') return undefined
    if (readArguments(value.args) === undefined) return undefined
    pieces.push({ name: value.callee.name, args: value.args, at: value.at })
  }
  return (runtime, scope) => renderPieces(pieces, runtime, scope)
}

async function renderPieces(
  pieces: readonly (string | Call)[],
  runtime: Runtime,
  scope: Scope,
): Promise<string> {
  let output = ''
  let at = 0
  try {
    for (const piece of pieces) {
      if (typeof piece === 'string') {
        output += piece
        continue
      }
      const callee = runtime.get(scope, piece.name)
      // Read anew each time: what is called may keep or change a list.
      const args = readArguments(piece.args)
      if (args === undefined) throw new Error('the arguments of a plain template are literals')
      at = piece.at
      output = runtime.append(output, await runtime.call(callee, args, at))
    }
    return output
  } catch (error) {
    throw runtime.locate(error, at)
  }
}
