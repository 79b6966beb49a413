import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { readLock, renderLock } from '../../../../transform/packages/lock-file.ts'
import { writeScalar } from '../../../../transform/packages/plain-scalar.ts'
import { readYamlValues } from '../../../../transform/packages/yaml-values.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

/** As dbt-core 1.12.6 wrote it, of packages of every kind. */
const recorded = `packages:
  - name: a
    package: org/a
    version: 1.1.0
  - local: loc
    name: loc
  - git: file:///srv/gitrepo
    name: subpkg
    revision: ccbb505af17c798d4f80095feeb122ec2c60bedc
    subdirectory: sub
  - name: tarb
    tarball: http://127.0.0.1:8765/t/b-0.2.0.tar.gz
sha1_hash: d2eca5a9bea5fb76bfdf7911630869fb474dd7df
`

it('writes a lock file byte for byte as dbt does', () => {
  const revision = 'ccbb505af17c798d4f80095feeb122ec2c60bedc'
  const packages = [
    { package: 'org/a', version: '1.1.0', name: 'a' },
    { local: 'loc', name: 'loc' },
    { git: 'file:///srv/gitrepo', revision, subdirectory: 'sub', name: 'subpkg' },
    { tarball: 'http://127.0.0.1:8765/t/b-0.2.0.tar.gz', name: 'tarb' },
  ]
  expect(renderLock(packages, 'd2eca5a9bea5fb76bfdf7911630869fb474dd7df')).toBe(recorded)
})

it('reads a lock file of dbt', async () => {
  const folder = temporaryDirectory()
  expect(await readLock(folder, undefined)).toBeUndefined()
  writeFileSync(join(folder, 'package-lock.yml'), recorded)
  const lock = await readLock(folder, undefined)
  expect(lock?.hash).toBe('d2eca5a9bea5fb76bfdf7911630869fb474dd7df')
  expect(lock?.packages.map(({ name, entry }) => [name, entry.kind])).toEqual([
    ['a', 'hub'],
    ['loc', 'local'],
    ['subpkg', 'git'],
    ['tarb', 'tarball'],
  ])
})

it('refuses a lock file that is none', async () => {
  const folder = temporaryDirectory()
  for (const text of ['packages: [', 'packages: 1', 'packages: [{a: b}]']) {
    writeFileSync(join(folder, 'package-lock.yml'), text)
    const error = await readLock(folder, undefined).catch((thrown: unknown) => thrown)
    expect(isProblem(error, 'packages/bad-lock'), text).toBe(true)
  }
})

// As PyYAML, which dbt writes with, puts them (recorded).
it.each([
  ['1.3.0', '1.3.0'],
  ['1.0', "'1.0'"],
  ['123', "'123'"],
  ['1e3', '1e3'],
  ['0e1', '0e1'],
  ['0a1', '0a1'],
  ['0123', "'0123'"],
  ['no', "'no'"],
  ['2024-01-01', "'2024-01-01'"],
  ['<2.0.0', '<2.0.0'],
  ['>=1.0.0', "'>=1.0.0'"],
  ["{{ env_var('X') }}/y", "'{{ env_var(''X'') }}/y'"],
  ["https://{{env_var('X')}}@h/r.git", "https://{{env_var('X')}}@h/r.git"],
  ['../a b/c', '../a b/c'],
  ['a: b', "'a: b'"],
  ['é', '"\\xE9"'],
  ['', "''"],
])('writes %j as %s', (text, expected) => {
  expect(writeScalar(text)).toBe(expected)
})

it('writes any text so that it is read back', () => {
  const texts = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(texts, (text) => {
      expect(readYamlValues('f', `k: ${writeScalar(text)}\n`).value).toEqual({ k: text })
    }),
  )
})
