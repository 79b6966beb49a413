import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openLogFile } from '../../../../cli/runner/log-file.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-log-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('makes the folder and appends', () => {
  const file = join(folder, 'logs', 'dbt.log')
  openLogFile(file).append('one\n')
  openLogFile(file).append('two\n')
  expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n')
})

it('puts a file that has grown too large aside, and keeps five of them', () => {
  const file = join(folder, 'dbt.log')
  for (let number = 0; number < 8; number++) openLogFile(file, 3).append(`${number} full\n`)
  expect(readFileSync(file, 'utf8')).toBe('7 full\n')
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('6 full\n')
  expect(readFileSync(`${file}.5`, 'utf8')).toBe('2 full\n')
  expect(existsSync(`${file}.6`)).toBe(false)
})

it('costs the command nothing when the folder cannot be made', () => {
  writeFileSync(join(folder, 'logs'), 'a file in the way')
  const log = openLogFile(join(folder, 'logs', 'dbt.log'))
  expect(() => log.append('text')).not.toThrow()
})
