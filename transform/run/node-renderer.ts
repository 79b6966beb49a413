/** What running needs of compiling: the SQL of a node, as the state of the database wants it. */
import type { Renderer } from '../compile/render.ts'

export type NodeRenderer = Pick<Renderer, 'render'>

/** The same renderer with another `render`; all else that it can goes on as it is. */
export function withRender<Own extends NodeRenderer>(renderer: Own, render: Own['render']): Own {
  return new Proxy(renderer, {
    get(target, key) {
      if (key === 'render') return render
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
