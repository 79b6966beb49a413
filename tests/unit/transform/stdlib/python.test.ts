import { describe, expect, it } from 'vitest'
import { compileTemplate } from '../../../../transform/jinja/template.ts'
import { columnType } from '../../../../transform/stdlib/column-value.ts'
import { pythonModules } from '../../../../transform/stdlib/python-modules.ts'
import { makeTable } from '../../../../transform/stdlib/query-table.ts'
import { textFunctions } from '../../../../transform/stdlib/text-functions.ts'

const table = makeTable({
  columns: [
    { name: 'id', type: 'BIGINT' },
    { name: 'Price', type: 'DOUBLE' },
    { name: 'day', type: 'TIMESTAMP' },
  ],
  rows: [
    [1n, 2, new Date('2024-01-02T03:04:05Z')],
    [1n, 2.5, null],
  ],
})

const names = new Map<string, unknown>([
  ['modules', pythonModules('2024-11-25T12:00:00.000Z')],
  ['table', table],
  ['Column', columnType],
  ...textFunctions((text) => `<${text}>`),
])

const render = (template: string) => compileTemplate('a.sql', template).renderSync(names)

// Each answer is what Python prints.
describe("Python's modules", () => {
  it.each([
    ['modules.datetime.datetime.now()', '2024-11-25 12:00:00'],
    ['modules.datetime.date(2024, 2, 29)', '2024-02-29'],
    ['modules.datetime.date(2024, 2, 29) + modules.datetime.timedelta(days=1)', '2024-03-01'],
    ['modules.datetime.date(2024, 3, 1) - modules.datetime.date(2024, 2, 1)', '29 days, 0:00:00'],
    [
      "modules.datetime.datetime.strptime('05/02/2024 07:08', '%d/%m/%Y %H:%M')",
      '2024-02-05 07:08:00',
    ],
    ["modules.datetime.datetime(2024, 1, 2, 15).strftime('%b %-d, %I%p %j')", 'Jan 2, 03PM 002'],
    ['modules.datetime.date(2024, 1, 2) < modules.datetime.date(2024, 1, 3)', 'True'],
    [
      "modules.datetime.datetime.now(modules.pytz.timezone('Europe/Berlin')).isoformat()",
      '2024-11-25T13:00:00+01:00',
    ],
    [
      "modules.pytz.utc.localize(modules.datetime.datetime(2024, 7, 1)).astimezone(modules.pytz.timezone('America/New_York'))",
      '2024-06-30 20:00:00-04:00',
    ],
    ["modules.re.match('b', 'abc')", 'None'],
    ["modules.re.search('(?P<n>[0-9]+)', 'ab12').group('n')", '12'],
    ["modules.re.sub('(a)(b)?', '<\\\\1>', 'abac')", '<a><a>c'],
    ["modules.re.findall('[a-c]', 'xaxb')", "['a', 'b']"],
    ["modules.re.split(', *', 'a, b,c') | join('-')", 'a-b-c'],
    ["modules.itertools.product([1, 2], ['a']) | list", "[(1, 'a'), (2, 'a')]"],
    ['modules.itertools.combinations([1, 2, 3], 2) | list', '[(1, 2), (1, 3), (2, 3)]'],
  ])('%s', (expression, printed) => {
    expect(render(`{{ ${expression} }}`)).toBe(printed)
  })

  it.each([
    'modules.datetime.date(2023, 2, 29)',
    "modules.pytz.timezone('Mars')",
    "modules.re.match('(', '')",
    'modules.itertools.product(range(1000), range(1000))',
  ])('refuses %s', (expression) => {
    expect(() => render(`{{ ${expression} }}`)).toThrow(/cannot be rendered/)
  })
})

describe('text in other notations', () => {
  it.each([
    ["fromjson('[1, 2.5]')", '[1, 2.5]'],
    ["fromjson('{', 'none')", 'none'],
    ["fromyaml('a: [x, 1]')", "{'a': ['x', 1]}"],
    ["tojson({'b': 1, 'a': none}, sort_keys=true)", '{"a": null, "b": 1}'],
    ["toyaml({'a': [1]})", 'a:\n- 1\n'],
    ["local_md5('x')", '<x>'],
  ])('%s', (expression, printed) => {
    expect(render(`{{ ${expression} }}`)).toBe(printed)
  })
})

describe("a query's result", () => {
  it.each([
    ['table.columns[0].values()', '(1, 1)'],
    ["table.columns['price'].values() | list", "[Decimal('2.0'), Decimal('2.5')]"],
    ['table.columns[0].values_distinct()', '(1,)'],
    ['table.rows[0][0]', '1'],
    ["table.rows[1]['Price']", '2.5'],
    ['table.rows[1].id', '1'],
    ['table.rows | length', '2'],
    ["table.column_names | join(',')", 'id,Price,day'],
    ['table.rows[0].day.strftime("%Y")', '2024'],
    ['table.rows[1].values()', "(1, Decimal('2.5'), None)"],
  ])('answers %s', (expression, printed) => {
    expect(render(`{{ ${expression} }}`)).toBe(printed)
  })

  it('is walked row by row', () => {
    expect(render('{% for row in table %}{{ row.id }}:{{ row[1] }} {% endfor %}')).toBe(
      '1:2.0 1:2.5 ',
    )
  })
})

describe('a column', () => {
  it.each([
    ["Column.translate_type('string')", 'TEXT'],
    ["Column('n', 'decimal').is_numeric()", 'True'],
    ["Column('n', 'DECIMAL(10,2)').data_type", 'DECIMAL(10,2)'],
    ["Column('n', 'INTEGER').is_number()", 'True'],
    ["Column('odd \"name\"', 'VARCHAR').quoted", '"odd ""name"""'],
  ])('answers %s', (expression, printed) => {
    expect(render(`{{ ${expression} }}`)).toBe(printed)
  })
})
