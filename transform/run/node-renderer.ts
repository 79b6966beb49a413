/** What running needs of compiling: the SQL of a node, as the state of the database wants it. */
import type { Renderer } from '../compile/render.ts'

export type NodeRenderer = Pick<Renderer, 'render'>
