import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../../core/errors.ts'
import { readQuickly } from '../../../../transform/project/yaml-block.ts'
import { parseYamlFile } from '../../../../transform/project/yaml-file.ts'
import { readFully } from '../../../../transform/project/yaml-full.ts'

/** What the quick reader makes of a text; it must not leave it to the full one. */
function quick(text: string): unknown {
  const read = readQuickly(text)
  if (read === undefined) throw new Error('left to the full reader')
  return read.value
}

function thrownBy(work: () => unknown): MillraceError | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof MillraceError) return error
    throw error
  }
}

describe('scalars of YAML', () => {
  it.each([
    ['yes', true],
    ['Off', false],
    ['y', 'y'],
    ['~', null],
    ['010', 8],
    ['08', '08'],
    ['0x1f', 31],
    ['0b11', 3],
    ['1_000', 1000],
    ['-3', -3],
    ['1.5', 1.5],
    ['1.5e+3', 1500],
    ['1e5', '1e5'],
    ['.5', 0.5],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['1:30', 90],
    ['2024-01-01', '2024-01-01'],
    ['123456789012345678901', '123456789012345678901'],
    ['a#b # c', 'a#b'],
    ["'it''s'", "it's"],
    ['"a\\n\\u00e9"', 'a\né'],
    ['"x" # comment', 'x'],
    ['a\n  b\n\n  c', 'a b\nc'],
    ['http://x.y/z', 'http://x.y/z'],
    ['-x', '-x'],
  ])('reads %j as dbt does', (text, value) => {
    expect(quick(`key: ${text}`)).toEqual({ key: value })
    expect(readFully('x.yml', `key: ${text}`).value).toEqual({ key: value })
  })

  it.each([
    ['|\n  x\n   y\n\n  z\n', 'x\n y\n\nz\n'],
    ['|-\n  x\n', 'x'],
    ['|+\n  x\n\n', 'x\n\n'],
    ['|2\n    x\n', '  x\n'],
    ['>\n  a\n  b\n\n  c\n    d\n  e\n', 'a b\nc\n  d\ne\n'],
    ['>-\n\n  a\n\n\n  b\n', '\na\n\nb'],
    ['|\n  x', 'x'],
  ])('reads the block scalar %j', (text, value) => {
    expect(quick(`key: ${text}`)).toEqual({ key: value })
  })
})

describe('collections of YAML', () => {
  it('reads maps and lists by indentation', () => {
    const text = `
version: 2 # two
models:
- name: a
  columns:
    - name: id
      tests: [unique, {not_null: {severity: warn}}]
    -
      name: b
  'quoted key': "v"
-
- - x
  - y: z
empty:
`
    expect(quick(text)).toEqual({
      version: 2,
      models: [
        {
          name: 'a',
          columns: [
            { name: 'id', tests: ['unique', { not_null: { severity: 'warn' } }] },
            { name: 'b' },
          ],
          'quoted key': 'v',
        },
        null,
        ['x', { y: 'z' }],
      ],
      empty: null,
    })
  })

  it('reads brackets over several lines', () => {
    expect(quick('a: [x y, # one\n  "z",\n  ]\nb: {c: 1, d: , e}\n')).toEqual({
      a: ['x y', 'z'],
      b: { c: 1, d: null, e: null },
    })
  })

  it.each(['a: &x 1\nb: *x', 'a: !!str 1', 'a:\n  <<: {b: 1}', 'a: "b', 'a: b: c', '\ta: 1'])(
    'leaves %j to the full reader',
    (text) => {
      expect(readQuickly(text)).toBeUndefined()
    },
  )

  it('reads anchors and merged maps', () => {
    const text = 'base: &base {a: 1, b: yes}\nmore:\n  <<: *base\n  a: 010\n'
    expect(parseYamlFile('x.yml', text).value).toEqual({
      base: { a: 1, b: true },
      more: { a: 8, b: true },
    })
  })
})

describe('a YAML file', () => {
  it.each(['', 'anchor: &a 1\n'])('knows where keys and items stand', (more) => {
    const file = parseYamlFile(
      'x.yml',
      `---\r\nmodels:\r\n  - name: a\r\n    tags: [x, y]\r\n${more}`,
    )
    expect(file.positionOf(['models'])).toEqual({ file: 'x.yml', line: 2, column: 1 })
    expect(file.positionOf(['models', 0])).toEqual({ file: 'x.yml', line: 3, column: 5 })
    expect(file.positionOf(['models', 0, 'tags', 1])).toEqual({
      file: 'x.yml',
      line: 4,
      column: 15,
    })
    expect(file.positionOf(['models', 0, 'absent', 'x'])).toEqual({
      file: 'x.yml',
      line: 3,
      column: 5,
    })
    expect(file.positionOf(['absent'])).toEqual({ file: 'x.yml' })
  })

  it.each(['', 'anchor: &a 1\n'])(
    'takes the later of two equal keys and names both places',
    (more) => {
      const file = parseYamlFile('x.yml', `a: 1\nb: {c: 1, c: 2}\na: 2\n${more}`)
      expect(file.value).toMatchObject({ a: 2, b: { c: 2 } })
      expect(file.duplicates.map(({ key, at }) => `${key} ${at.line}:${at.column}`).sort()).toEqual(
        ['a 3:1', 'c 2:11'],
      )
    },
  )

  it('says what is wrong, and where', () => {
    expect(() => parseYamlFile('x.yml', 'a: 1\nb: "c\n')).toThrowError(/not valid YAML/)
  })

  it.each([
    ['a: 1\nb: *x\n', 'nothing before is anchored as x', 2, 4],
    ['a: &x\n  b: [*x]\n', 'x contains itself', 2, 7],
    ['a: 1\nb: {{ var("x") }}\n', 'quote a value that begins with {{', 2, 5],
    ['? [a, b]\n: 1\n', 'a key is a list or a map', 1, 3],
  ])('says where an alias or a key cannot be meant so', (text, reason, line, column) => {
    const error = thrownBy(() => parseYamlFile('x.yml', text))
    expect(error?.message).toContain(reason)
    expect(error?.at).toEqual({ file: 'x.yml', line, column })
  })

  it('takes one anchor as often as it is named, until that can only be meant to harm', () => {
    const many = `a: &x {b: 1}\nc:\n${'  - *x\n'.repeat(1_000)}`
    expect(parseYamlFile('x.yml', many).value).toMatchObject({
      c: { length: 1_000, 999: { b: 1 } },
    })
    const levels = Array.from({ length: 9 }, (_, level) => {
      const inner = level === 0 ? '1' : `*l${level - 1}`
      return `l${level}: &l${level} [${Array(10).fill(inner).join(', ')}]\n`
    })
    const error = thrownBy(() => parseYamlFile('x.yml', levels.join('')))
    expect(error?.message).toContain('This file is not valid YAML: its aliases stand for too much')
  })

  it('reads an empty one as an empty map', () => {
    expect(parseYamlFile('x.yml', '# nothing\n').value).toEqual({})
  })
})
