/** Problems of the landing area. */
import { defineProblem } from './define.ts'

export const landingProblems = {}
