/** For tests and measurements, which listen to no log. */
import { type Log, openLog } from './log.ts'

export const silentLog: Log = openLog('silent')
