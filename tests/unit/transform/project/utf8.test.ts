import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadProject } from '../../../../transform/project/load-project.ts'
import { invalidByte } from '../../../../transform/project/utf8.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

function project(files: Readonly<Record<string, Buffer>>): string {
  const folder = temporaryDirectory()
  mkdirSync(join(folder, 'models'))
  mkdirSync(join(folder, 'seeds'))
  writeFileSync(join(folder, 'dbt_project.yml'), 'name: shop\n')
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes)
  return folder
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('loadProject', () => {
  it('names every file that is no UTF-8, and the first byte that belongs to no character', async () => {
    const folder = project({
      'models/a.sql': latin1("select 1 as id,\n'Köln' as city"),
      'models/a.yml': latin1('models:\n  - name: a\n    description: Größe\n'),
      'models/a.md': latin1('{% docs a %}ä{% enddocs %}'),
      'seeds/b.csv': latin1('city\nKöln\n'),
    })
    const { problems } = await loadProject(folder)
    const shown = problems.map(
      ({ code, message, at }) => `${code} ${at?.file}:${at?.line} ${message}`,
    )
    expect(shown.sort()).toEqual([
      'model/not-utf8 models/a.md:1 This file is not UTF-8: the byte 0xe4 at offset 12 belongs to no character.',
      'model/not-utf8 models/a.sql:2 This file is not UTF-8: the byte 0xf6 at offset 18 belongs to no character.',
      'model/not-utf8 models/a.yml:3 This file is not UTF-8: the byte 0xf6 at offset 39 belongs to no character.',
      'model/not-utf8 seeds/b.csv:2 This file is not UTF-8: the byte 0xf6 at offset 6 belongs to no character.',
    ])
  })

  it('refuses a dbt_project.yml that is no UTF-8', async () => {
    const folder = project({ 'dbt_project.yml': latin1('# ö\nname: shop\n') })
    await expect(loadProject(folder)).rejects.toMatchObject({
      code: 'model/not-utf8',
      at: { file: 'dbt_project.yml', line: 1 },
    })
  })

  it('reads a replacement character that the file itself holds', async () => {
    const folder = project({ 'models/a.sql': Buffer.from("\ufeffselect '\ufffd' as mark") })
    expect((await loadProject(folder)).problems).toEqual([])
  })
})

describe('invalidByte', () => {
  it.each([
    ['a lone byte', [0x61, 0xff, 0x61], 1],
    ['a character that is cut off at the end', [0x61, 0xf0, 0x9f, 0x98], 1],
    ['a character that is cut off before another', [0xc3, 0xa4, 0xef, 0xbf, 0x61], 2],
    ['a surrogate', [0xed, 0xa0, 0x80], 0],
    ['a byte that continues nothing', [0xef, 0xbf, 0xbd, 0x80], 3],
  ])('is where %s begins', (_, bytes, offset) => {
    expect(invalidByte(Buffer.from(bytes))).toBe(offset)
  })

  it('is nowhere in what is UTF-8', () => {
    expect(invalidByte(Buffer.from('Größe \ufffd 😀'))).toBeUndefined()
  })
})
