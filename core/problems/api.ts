/** Problems of the api area. */
import { defineProblem } from './define.ts'

export const apiProblems = {}
