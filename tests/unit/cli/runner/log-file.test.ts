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

function write(file: string, text: string, maxBytes?: number): void {
  const log = openLogFile(file, maxBytes)
  log.append(text)
  log.close()
}

it('makes the folder and appends', () => {
  const file = join(folder, 'logs', 'dbt.log')
  write(file, 'one\n')
  write(file, 'two\n')
  expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n')
})

it('puts a file that has grown too large aside, and keeps five of them', () => {
  const file = join(folder, 'dbt.log')
  for (let number = 0; number < 8; number++) write(file, `${number} full\n`, 3)
  expect(readFileSync(file, 'utf8')).toBe('7 full\n')
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('6 full\n')
  expect(readFileSync(`${file}.5`, 'utf8')).toBe('2 full\n')
  expect(existsSync(`${file}.6`)).toBe(false)
})

it('costs the command nothing when the folder cannot be made', () => {
  writeFileSync(join(folder, 'logs'), 'a file in the way')
  expect(() => write(join(folder, 'logs', 'dbt.log'), 'text')).not.toThrow()
})

it('writes much text before it is closed', () => {
  const file = join(folder, 'dbt.log')
  const log = openLogFile(file)
  log.append('x'.repeat(100_000))
  expect(readFileSync(file, 'utf8')).toHaveLength(100_000)
  log.close()
})
