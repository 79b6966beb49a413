import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { unpackArchive } from '../../../../transform/packages/unpack.ts'
import { makeTarGz, type TarPart } from '../../../support/tar.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const project = { path: 'p-1.0/dbt_project.yml', text: 'name: p\n' }

async function unpack(archive: Buffer, limits = { maxBytes: 1_000_000, maxFiles: 100 }) {
  const outside = temporaryDirectory()
  const folder = join(outside, 'packages', 'p')
  await unpackArchive(archive, folder, 'p', limits)
  return { outside, folder }
}

async function refusal(parts: readonly TarPart[]) {
  const outside = temporaryDirectory()
  const secret = join(outside, 'secret')
  mkdirSync(secret)
  const folder = join(outside, 'packages', 'p')
  const absolute = parts.map((part) => ({
    ...part,
    target: part.target?.replace('@', secret) ?? '',
  }))
  const error = await unpackArchive(makeTarGz(absolute), folder, 'p').catch((thrown) => thrown)
  expect(readdirSync(secret)).toEqual([])
  expect(readdirSync(outside).filter((name) => !['packages', 'secret'].includes(name))).toEqual([])
  expect(existsSync(folder)).toBe(false)
  expect(error.code).toBe('packages/bad-archive')
  return String(error.message).replace(/^The archive of p is refused: |\.$/g, '')
}

describe('unpacking a package', () => {
  it('unpacks what the system’s tar packs, with long names, links and modes', async () => {
    const source = temporaryDirectory()
    const long = 'long_name_'.repeat(6) // two of them are more than a header of tar holds
    const deep = `p-1.0/macros/${long}/${long}`
    mkdirSync(join(source, deep), { recursive: true })
    writeFileSync(join(source, project.path), project.text)
    writeFileSync(join(source, deep, 'm.sql'), 'select 1')
    writeFileSync(join(source, 'p-1.0/run.sh'), '#!/bin/sh\n', { mode: 0o755 })
    symlinkSync('macros', join(source, 'p-1.0/m'))
    symlinkSync('nowhere', join(source, 'p-1.0/dangling'))
    for (const format of ['gnu', 'pax', 'ustar']) {
      const args = ['-czf', '-', `--format=${format}`, '-C', source, 'p-1.0']
      const { folder } = await unpack(execFileSync('tar', args))
      const inside = join(folder, deep.replace('p-1.0/', ''), 'm.sql')
      expect(readFileSync(inside, 'utf8')).toBe('select 1')
      expect(readlinkSync(join(folder, 'm'))).toBe('macros')
      expect(existsSync(join(folder, 'dangling'))).toBe(false)
      expect(statSync(join(folder, 'run.sh')).mode & 0o777).toBe(0o755)
    }
  })

  it('unpacks what git archive packs', async () => {
    const source = temporaryDirectory()
    writeFileSync(join(source, 'dbt_project.yml'), 'name: p\n')
    const git = (...args: string[]) => execFileSync('git', ['-C', source, ...args])
    git('init', '-q')
    git('add', '.')
    git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'first')
    const { folder } = await unpack(git('archive', '--format=tar.gz', '--prefix=p-1.0/', 'HEAD'))
    expect(readdirSync(folder)).toEqual(['dbt_project.yml'])
  })

  it('refuses links that lead out, in every disguise, and writes nothing there', async () => {
    const link = (path: string, target: string) => ({ path: `p/${path}`, type: '2', target })
    const file = (path: string) => ({ path: `p/${path}`, text: 'x' })
    expect(await refusal([link('a', '../../secret'), file('b')])).toContain('leads out')
    expect(await refusal([link('a', '@'), file('b')])).toContain('leads out')
    expect(await refusal([link('a', '@'), file('a/b')])).toBe('a/b stands below a link')
    expect(await refusal([link('a', '@'), file('A/b')])).toBe('A/b stands below a link')
    expect(await refusal([link('a', '@'), link('a/b', 'x')])).toBe('a/b stands below a link')
    const chain = [link('s/l', '..'), link('k', 's/l/../../secret'), file('s/f')]
    expect(await refusal(chain)).toContain('leads out')
    expect(await refusal([{ path: 'p/a', type: '1', target: '../secret/x' }])).toContain(
      'leads out',
    )
    expect(await refusal([{ path: 'p/a', type: '1', target: 'p/none' }])).toContain('not in it')
    expect(await refusal([file('a'), { path: '../secret/x', text: 'x' }])).toContain('leads out')
  })

  it('takes a link away that leads nowhere, wherever it points', async () => {
    const { folder } = await unpack(
      makeTarGz([project, { path: 'p-1.0/l', type: '2', target: '/nowhere/at/all' }]),
    )
    expect(readdirSync(folder)).toEqual(['dbt_project.yml'])
  })

  it('refuses what is no package archive', async () => {
    expect(await refusal([])).toBe('it must hold one folder, and holds nothing')
    expect(await refusal([{ path: 'a/x' }, { path: 'b/x' }])).toContain('and holds a, b')
    expect(await refusal([{ path: 'a' }])).toContain('it must hold one folder')
    expect(await refusal([{ path: 'p/a' }, { path: 'p/a/b' }])).not.toBe('')
    await expect(unpack(Buffer.from('hello'))).rejects.toThrow('it is not in gzip format')
    await expect(unpack(gzipSync('x'.repeat(2_000)))).rejects.toThrow('it is no tar archive')
  })

  it('refuses an archive that would fill the disk', async () => {
    const bomb = gzipSync(Buffer.alloc(2_000_000))
    await expect(unpack(bomb)).rejects.toThrow('it unpacks to more than 1000000 bytes')
    const many = Array.from({ length: 101 }, (_, index) => ({ path: `p/${index}` }))
    await expect(unpack(makeTarGz(many))).rejects.toThrow('it has more than 100 files')
  })
})
