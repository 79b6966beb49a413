/** What every request carries along. */
import type { HttpBindings } from '@hono/node-server'
import type { RequestIdVariables } from 'hono/request-id'
import type { Principal } from '../access/principal.ts'

export type ApiEnvironment = {
  /** Node's request and response. A test that asks the app without a server has none, and no `env` either. */
  Bindings: Partial<HttpBindings>
  Variables: RequestIdVariables & {
    principal: Principal
    /** Set when the answer is a problem. */
    problemCode?: string
  }
}
