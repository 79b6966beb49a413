import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { makeOpenDirectory, moveIntoPlace, temporaryBeside } from '../../../local/place.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

it('shows a directory under its name only when it is whole', () => {
  const target = join(temporaryDirectory(), 'kafka')
  const temporary = temporaryBeside(target)
  mkdirSync(temporary)
  writeFileSync(join(temporary, 'jar'), 'whole')
  expect(existsSync(target)).toBe(false)
  moveIntoPlace(temporary, target)
  expect(readFileSync(join(target, 'jar'), 'utf8')).toBe('whole')
})

it('keeps the work of the process that was faster', () => {
  const target = join(temporaryDirectory(), 'kafka')
  const temporary = temporaryBeside(target)
  for (const [directory, text] of [
    [target, 'first'],
    [temporary, 'second'],
  ] as const) {
    mkdirSync(directory)
    writeFileSync(join(directory, 'jar'), text)
  }
  moveIntoPlace(temporary, target)
  expect(readFileSync(join(target, 'jar'), 'utf8')).toBe('first')
  expect(existsSync(temporary)).toBe(false)
})

it('removes what a killed process left half done, and nothing of a living one', () => {
  const directory = temporaryDirectory()
  const { pid } = spawnSync('/bin/true')
  const names = [`.kafka.${pid}-0a1b2c3d.tmp`, `.kafka.${process.pid}-0a1b2c3d.tmp`, 'kafka.tmp']
  for (const name of names) mkdirSync(join(directory, name))
  temporaryBeside(join(directory, 'kafka'))
  expect(readdirSync(directory).sort()).toEqual(names.slice(1).sort())
})

it('makes directories that others may enter, whatever the umask', () => {
  const umask = process.umask(0o077)
  onTestFinished(() => void process.umask(umask))
  const parent = temporaryDirectory()
  makeOpenDirectory(join(parent, 'a', 'b'))
  expect(statSync(join(parent, 'a', 'b')).mode & 0o777).toBe(0o755)
  expect(statSync(join(parent, 'a')).mode & 0o777).toBe(0o755)
  expect(statSync(parent).mode & 0o777).toBe(0o700)
})
