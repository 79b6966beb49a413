/** What every request carries along. */
import type { RequestIdVariables } from 'hono/request-id'
import type { Principal } from '../access/principal.ts'

export type ApiEnvironment = { Variables: RequestIdVariables & { principal: Principal } }
