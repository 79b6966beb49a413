/** What running needs of compiling: the SQL of a node, as the state of the database wants it. */
import type { Renderer } from '../compile/render.ts'

export type NodeRenderer = Pick<
  Renderer,
  | 'render'
  | 'renderText'
  | 'replacing'
  | 'replaces'
  | 'materialize'
  | 'describe'
  | 'standardTest'
  | 'unitTest'
  | 'instead'
  | 'readingOf'
  | 'flag'
> & {
  /** Told the SQL of each unit test, which is whole only once the columns of its inputs are known. */
  readonly noteUnitTest?: (id: string, code: UnitTestSql) => void
}

type UnitTestSql = {
  /** The model over the rows of the test. */
  readonly compiled: string
  /** What was sent to compare them; undefined when it did not come to that. */
  readonly sent: string | undefined
}

/** The same renderer with some of its parts replaced; all else that it can goes on as it is. */
export function replaced<Own extends NodeRenderer>(
  renderer: Own,
  parts: Readonly<Partial<NodeRenderer>>,
): Own {
  return new Proxy(renderer, {
    get(target, key) {
      if (Object.hasOwn(parts, key)) return Reflect.get(parts, key)
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** The same renderer with another `render`. */
export function withRender<Own extends NodeRenderer>(
  renderer: Own,
  render: NodeRenderer['render'],
): Own {
  return replaced(renderer, { render })
}
