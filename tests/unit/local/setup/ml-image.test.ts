import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { mlImage } from '../../../../local/setup/ml-image.ts'
import { cachePaths } from '../../../../local/versions.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const lock = readFileSync('ml/image/requirements.txt', 'utf8')

it('names the environment as install.sh does, by the release of XGBoost', () => {
  const [, version] = /^xgboost-cpu==([\d.]+)/m.exec(lock) ?? []
  expect(cachePaths.mlImage('/cache')).toBe(`/cache/ml-image-xgboost-${version}`)
  expect(mlImage.title).toContain(version)
})

it('is there when all that trains and serves was installed, whatever else was', async () => {
  const cacheDir = temporaryDirectory()
  const context = { cacheDir, signal: new AbortController().signal, say: () => {} }
  expect(await mlImage.isPresent(context)).toBe(false)
  const note = join(cachePaths.mlImage(cacheDir), 'millrace-requirements.txt')
  mkdirSync(dirname(note), { recursive: true })
  for (const [text, isPresent] of [
    [lock, true],
    [`${lock}ruff==1\n`, true],
    [lock.slice(0, -2), false],
  ] as const) {
    writeFileSync(note, text)
    expect(await mlImage.isPresent(context)).toBe(isPresent)
  }
})
