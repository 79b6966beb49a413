import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../../core/errors.ts'
import type { DescribedNode } from '../../../../ml/features/described.ts'
import { findFeatureSet } from '../../../../ml/features/feature-set.ts'
import { findLeaks } from '../../../../ml/features/lint.ts'

const feature = { name: 'visits', meta: { feature: 'frequency' } }
const label = { name: 'bought', meta: { label: 'horizon_days' } }

function node(name: string, more: Partial<DescribedNode> = {}): DescribedNode {
  const relation = { schema: 's', name }
  const empty = { meta: {}, columns: [], reads: [], code: '', macroCode: '' }
  return { id: name, name, file: `models/${name}.sql`, relation, ...empty, ...more }
}

const projectOf = (...nodes: readonly DescribedNode[]) => new Map(nodes.map((one) => [one.id, one]))
const labels = node('labels', { columns: [label] })
const events = node('events', { meta: { point_in_time: 'landed_at' } })
const features = (more: Partial<DescribedNode>) =>
  node('features', { columns: [feature], reads: ['events'], ...more })

const leaks = (...nodes: readonly DescribedNode[]) =>
  findLeaks(projectOf(labels, events, ...nodes)).map(({ code, message }) => [code, message])

describe('the lint of features', () => {
  it('lets models through that read what says since when it is known', () => {
    const code = '-- no now(), no bought\nselect visits {# var("horizon_days") #} from events'
    expect(leaks(features({ code }), node('latest', { reads: ['features', 'users'] }))).toEqual([])
  })

  it('refuses labels, however far upstream, and names the way', () => {
    const between = node('between', { reads: ['labels'], meta: { point_in_time: 'x' } })
    const found = leaks(between, features({ reads: ['between'] }))
    expect(found).toEqual([
      ['ml/label-in-features', expect.stringContaining('(features ← between ← labels)')],
    ])
  })

  it.for([
    ['the name of a label in its text', { code: 'select t.bought as b from t' }],
    ['that name as SQL may also write it', { code: 'select t."BOUGHT" as b from t' }],
    ['that name after what only looks like a comment', { code: `select '--', bought from t` }],
    ['a table of labels that no ref() names', { code: 'select l.* from s.labels as l' }],
    ['what a macro of it uses', { macroCode: "{{ var('horizon_days') }}" }],
    ['a column of the name of a label', { columns: [feature, { name: 'bought', meta: {} }] }],
    ['a column that is a label', { columns: [feature, { name: 'b', meta: { label: 'h' } }] }],
    ['the length of the horizon', { code: "interval {{ var( 'horizon_days', 7) }} days" }],
  ] as const)('refuses %s', ([, more]) => {
    expect(leaks(features(more)).map(([code]) => code)).toContain('ml/label-in-features')
  })

  it('refuses the window of the labels in a model that it reads, and names the way', () => {
    const code = "select * from events where at < as_of + interval {{ var('horizon_days') }} days"
    const between = node('between', { code, meta: { point_in_time: 'x' } })
    expect(leaks(between, features({ reads: ['between'] }))).toEqual([
      ['ml/label-in-features', expect.stringContaining('(features ← between)')],
    ])
  })

  it.for(['t.as_of + interval 7 days', '"as_of"+7', 'date_add(as_of, interval 7 days)'])(
    'refuses to look past the instant: %s',
    (time) => {
      const code = `select count(*) as visits from events as t where at < ${time}`
      expect(leaks(features({ code })).map(([code]) => code)).toEqual(['ml/looks-ahead'])
    },
  )

  it('refuses the clock in a macro, and in a model that says it were of the past', () => {
    const code = 'select now()'
    const between = node('between', { code, meta: { point_in_time: 'x' } })
    const found = leaks(between, features({ reads: ['between'], macroCode: '{{ today() }}' }))
    expect(found).toEqual([
      ['ml/clock-in-features', expect.stringContaining('uses today')],
      ['ml/clock-in-features', expect.stringContaining('uses now (features ← between)')],
    ])
  })

  const clocks = ['now()', 'NOW ( )', 'current_date', 'today()', '{{ run_started_at }}']
  const rarer = ['localtime', 'age(at)', 'get_current_time()', 'datetime.now(timezone.utc)']
  it.for([...clocks, ...rarer, 'modules.datetime.datetime.utcnow()', 'current_localtimestamp()'])(
    'refuses the clock: %s',
    (clock) => {
      const code = `select ${clock} - last_visit_at from events`
      expect(leaks(features({ code })).map(([code]) => code)).toEqual(['ml/clock-in-features'])
    },
  )

  it('is not alarmed by a model it reads that has a column of the name of a label', () => {
    const code = 'select bought, visits from raw'
    const between = node('between', { code, meta: { point_in_time: 'x' } })
    expect(leaks(between, features({ reads: ['between'], code: 'select visits' }))).toEqual([])
  })

  it('is not alarmed by ages at an instant, earlier times, and names that only sound alike', () => {
    const code = `select age(as_of, at), as_of - interval 7 days, known_as_of + 1, t.today, 'now'
      from events as t where boughts > 1`
    expect(leaks(features({ code }))).toEqual([])
  })

  it('refuses tables that say how things are now, also without ref()', () => {
    const users = node('users', { relation: { schema: 'crm', name: 'users' } })
    const code = 'select u.score as visits from "CRM" . "users" as u'
    expect(leaks(users, features({ code }))).toEqual([
      ['ml/not-point-in-time', expect.stringContaining('reads users')],
    ])
  })

  it('refuses tables that say how things are now', () => {
    expect(leaks(node('users'), features({ reads: ['events', 'users'] }))).toEqual([
      ['ml/not-point-in-time', expect.stringContaining('reads users')],
    ])
  })
})

describe('a feature set', () => {
  const wanted = { features: 'features', labels: 'labels' }

  it('has the columns that are said to be features, in their order, and all that they come from', () => {
    const recency = { name: 'days', meta: { feature: 'recency', baseline: true } }
    const columns = [{ name: 'user_id', meta: {} }, recency, feature]
    const other = node('other')
    const set = findFeatureSet(projectOf(labels, events, other, features({ columns })), wanted)
    expect(set).toMatchObject({
      names: ['days', 'visits'],
      baselineNames: ['days'],
      labelName: 'bought',
    })
    expect(set.logic.map(({ name }) => name)).toEqual(['events', 'features', 'labels'])
  })

  it('is not found under another name', () => {
    const find = () =>
      findFeatureSet(projectOf(labels, features({})), { ...wanted, labels: 'label' })
    expect(find).toThrow(MillraceError)
    expect(find).toThrow(/label is no model with labels/)
  })
})
