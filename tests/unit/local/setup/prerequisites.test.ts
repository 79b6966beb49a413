import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const script = fileURLToPath(new URL('../../../../local/setup/prerequisites.sh', import.meta.url))

/** Programs of a machine, by what they print or do. */
const complete: Readonly<Record<string, string>> = {
  node: 'echo v18.19.0',
  npm: '',
  java: 'echo \'openjdk version "17.0.15" 2025-04-15\' >&2',
  mvn: '',
  python3: 'case "$*" in *print*) echo 3.11 ;; esac',
  make: '',
}

/** Runs the script on a machine that has only the given programs. */
function check(programs: Readonly<Record<string, string>>) {
  const bin = temporaryDirectory()
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const { status, stderr, stdout } = spawnSync('/bin/sh', [script], {
    env: { PATH: bin },
    encoding: 'utf8',
  })
  return { status, stderr, stdout }
}

function without(...names: readonly string[]) {
  return Object.fromEntries(Object.entries(complete).filter(([name]) => !names.includes(name)))
}

it('is content, and silent, on a machine that has everything', () => {
  expect(check(complete)).toEqual({ status: 0, stderr: '', stdout: '' })
})

it('names everything that is missing at once, with one command that brings all of it', () => {
  const { status, stderr } = check({})
  expect(status).toBe(2)
  for (const what of ['Node.js 18', 'npm', 'Java 17', 'Maven', 'Python 3.11', 'make']) {
    expect(stderr).toContain(what)
  }
  expect(stderr).toContain(
    'apt-get install nodejs npm openjdk-17-jre-headless maven python3 python3-pip python3-venv make\n',
  )
})

it.each([
  ['npm', 'npm'],
  ['java', 'openjdk-17-jre-headless'],
  ['mvn', 'maven'],
  ['make', 'make'],
])('names the package for a missing %s, and no other', (program, pack) => {
  const { status, stderr } = check(without(program))
  expect(status).toBe(2)
  expect(stderr).toContain(`apt-get install ${pack}\n`)
})

it.each([
  ['node', 'echo v16.20.2', 'found v16.20.2'],
  ['java', 'echo \'openjdk version "11.0.22" 2024-01-16\' >&2', 'found 11.0.22'],
  ['java', 'echo \'java version "1.8.0_402"\' >&2', 'found 1.8.0_402'],
  ['python3', 'case "$*" in *print*) echo 3.10 ;; *) exit 1 ;; esac', 'found 3.10'],
])('refuses a %s that is too old, saying which it found', (program, body, found) => {
  const { status, stderr } = check({ ...complete, [program]: body })
  expect(status).toBe(2)
  expect(stderr).toContain(found)
})

it.each([
  ['a newer Java', 'java', 'echo \'openjdk version "21" 2023-09-19\' >&2'],
  [
    'a Java that talks before its version',
    'java',
    'echo "Picked up JAVA_TOOL_OPTIONS: -Dname=\\"x\\"" >&2; echo \'openjdk version "25.0.1"\' >&2',
  ],
])('accepts %s', (_, program, body) => {
  expect(check({ ...complete, [program]: body })).toMatchObject({ status: 0 })
})

it.each([
  ['pip', '*"import pip"*', 'python3-pip'],
  ['venv', '*ensurepip*', 'python3-venv'],
])('notices a Python without %s', (_, pattern, pack) => {
  const body = `case "$*" in ${pattern}) exit 1 ;; *print*) echo 3.12 ;; esac`
  const { status, stderr } = check({ ...complete, python3: body })
  expect(status).toBe(2)
  expect(stderr).toContain(`apt-get install ${pack}\n`)
})
