/** Problems of the model area. */
import { defineProblem } from './define.ts'

export const modelProblems = {}
