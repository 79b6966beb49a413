import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { followLog, lastLogLines } from '../../../local/logs.ts'
import { tellingLines } from '../../../local/process/run.ts'
import { readLogFrom } from '../../../local/supervisor/log-file.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

function logFile(text: string): string {
  const file = join(temporaryDirectory(), 'kafka.log')
  writeFileSync(file, text)
  return file
}

it('gives the last lines of a log', () => {
  expect(lastLogLines(logFile('one\ntwo\nthree\n'), 2)).toEqual({ text: 'two\nthree\n', end: 14 })
  expect(lastLogLines(logFile('one\n'), 5).text).toBe('one\n')
  expect(lastLogLines(logFile('one\ntwo\n'), 0).text).toBe('')
})

it('gives them from a log that is larger than what is read at once', () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${'é'.repeat(10)}`)
  const { text } = lastLogLines(logFile(`${lines.join('\n')}\n`), 15_000)
  expect(text.split('\n').slice(0, -1)).toEqual(lines.slice(5_000))
})

it('says that there is no log of a service that never ran', () => {
  const read = () => lastLogLines(join(temporaryDirectory(), 'kafka.log'), 5)
  expect(read).toThrowError(expect.objectContaining({ code: 'services/no-log', exitCode: 2 }))
})

it('follows a log, also into the file that takes its place', async () => {
  const file = logFile('old line\n')
  const controller = new AbortController()
  let seen = ''
  const add = (text: string) => {
    seen += text
  }
  const following = followLog(file, 9, add, controller.signal)
  appendFileSync(file, 'new\n')
  await vi.waitFor(() => expect(seen).toBe('new\n'))
  renameSync(file, `${file}.1`)
  writeFileSync(file, 'fresh\n')
  await vi.waitFor(() => expect(seen).toBe('new\nfresh\n'))
  controller.abort()
  await following
})

it('reads a log from a given start on', () => {
  const file = logFile('earlier run\nfirst\nsecond\n')
  expect(readLogFrom(file, 12)).toBe('first\nsecond\n')
  expect(readLogFrom(file, 25)).toBe('')
})

it('picks the lines that name a failure, and the end', () => {
  const lines = [
    'starting',
    'PANIC: could not write: No space left on device',
    'CONTEXT: redo',
    'shutting down',
    '',
    'closed',
    'bye',
  ]
  expect(tellingLines(lines.join('\n'))).toEqual([lines[1], 'shutting down', 'closed', 'bye'])
})
