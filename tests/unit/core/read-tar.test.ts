import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTar, TarFault } from '../../../core/read-tar.ts'
import { makeTar, type TarPart } from '../../support/tar.ts'

const read = (parts: readonly TarPart[]) =>
  readTar(makeTar(parts), 100).map(({ path, kind, content, target, isExecutable }) =>
    [kind, path.join('/'), content.toString(), target, isExecutable ? 'x' : ''].join(' ').trim(),
  )

const pax = (key: string, value: string): TarPart => {
  const record = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(record)
  const length = bytes + String(bytes + String(bytes).length).length
  return { path: 'pax', type: 'x', text: `${length}${record}` }
}

describe('reading a tar archive', () => {
  it('gives files, folders, links and copies', () => {
    expect(
      read([
        {
          path: 'pax_global_header',
          type: 'g',
          text: '52 comment=0123456789012345678901234567890123456789\n',
        },
        { path: './', type: '5' },
        { path: './a/', type: '5' },
        { path: 'a/b.sql', text: 'select 1', mode: 0o755 },
        { path: 'a/c', type: '2', target: 'b.sql' },
        { path: 'a/d', type: '1', target: 'a/b.sql' },
      ]),
    ).toEqual(['folder a', 'file a/b.sql select 1  x', 'link a/c  b.sql', 'copy a/d  a/b.sql'])
  })

  it('takes long names from the headers before a member', () => {
    const long = `a/${'é'.repeat(120)}.sql`
    expect(read([pax('path', long), { path: 'short', text: 'x' }, { path: 'b' }])).toEqual([
      `file ${long} x`,
      'file b',
    ])
    expect(read([{ path: '././@LongLink', type: 'L', text: `${long}\0` }, { path: 's' }])).toEqual([
      `file ${long}`,
    ])
    const link = [pax('linkpath', long), { path: 'l', type: '2', target: 'short' }]
    expect(read(link)).toEqual([`link l  ${long}`])
  })

  it.each([
    ['an absolute path', { path: '/etc/passwd' }],
    ['a path that climbs', { path: 'a/../../b' }],
    ['a path of Windows', { path: 'C:/b' }],
    ['a backslash', { path: 'a\\..\\b' }],
    ['no name', { path: '' }],
    ['a device', { path: 'a', type: '3' }],
    ['a pipe', { path: 'a', type: '6' }],
    ['more bytes stated than there are', { path: 'a', text: 'x', size: 100_000 }],
    ['a broken pax header', { path: 'a', type: 'x', text: '999 path=b\n' }],
    ['a pax header without a length', { path: 'a', type: 'x', text: 'path=b\n' }],
  ])('refuses %s', (_, part) => {
    expect(() => read([part, { path: 'b' }])).toThrow(TarFault)
  })

  it('refuses a climbing name that hides in a pax or long-name header', () => {
    expect(() => read([pax('path', '../b'), { path: 'a' }])).toThrow(TarFault)
    expect(() => read([{ path: 'x', type: 'L', text: '/b\0' }, { path: 'a' }])).toThrow(TarFault)
    expect(() => read([pax('size', '-1'), { path: 'a' }])).toThrow(TarFault)
  })

  it('refuses too many members, a cut archive and a wrong checksum', () => {
    const many = Array.from({ length: 101 }, (_, index) => ({ path: `f${index}` }))
    expect(() => read(many)).toThrow('it has more than 100 files')
    const archive = makeTar([{ path: 'a', text: 'x'.repeat(600) }])
    expect(() => readTar(archive.subarray(0, 1000), 9)).toThrow('it ends in the middle')
    expect(() => readTar(archive.subarray(0, 1536), 9)).toThrow('it ends in the middle')
    archive[3] = 65
    expect(() => readTar(archive, 9)).toThrow('no tar archive')
  })

  it('never does anything but read or refuse, whatever the bytes', () => {
    const archive = makeTar([{ path: 'a/b', text: 'hello' }, pax('path', 'a/c'), { path: 'd' }])
    const damage = fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { maxLength: 8 })
    fc.assert(
      fc.property(damage, (bytes) => {
        const damaged = Buffer.from(archive)
        for (const [at, byte] of bytes) damaged[at] = byte
        try {
          const paths = readTar(damaged, 100).flatMap(({ path }) => path)
          expect(paths.filter((part) => ['', '.', '..'].includes(part))).toEqual([])
        } catch (error) {
          expect(error).toBeInstanceOf(TarFault)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
