/** Problems of the services area. */
import { defineProblem } from './define.ts'

export const serviceProblems = {}
