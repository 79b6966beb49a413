import { expect, it } from 'vitest'
import { writtenHeader } from '../../../../transform/compile/written-config.ts'
import { compileTemplate } from '../../../../transform/jinja/template.ts'

/** As dbt 1.12 lists the config. */
const listed: readonly (readonly [string, string])[] = [
  ['1', '1'],
  ["[1, 'x']", "[1, 'x']"],
  ["{'k': var('x')}", "{'k': var('x')}"],
  ['none', 'None'],
  ['not x', 'not x'],
  ["x['y'].z", "x['y'].z"],
  ['a~b ~ c', 'a ~ b ~ c'],
  ['x not in y', 'x not in y'],
  ['m(*a,**b)', 'm(*a, **b)'],
  ['a and b or c', 'a and b or c'],
  ['(1,)', '(1,)'],
  [
    'x|upper',
    "Filter(node=Name(name='x', ctx='load'), name='upper', args=[], kwargs=[], dyn_args=None, dyn_kwargs=None)",
  ],
  [
    'x is divisibleby(3)',
    "Test(node=Name(name='x', ctx='load'), name='divisibleby', args=[Const(value=3)], kwargs=[], dyn_args=None, dyn_kwargs=None)",
  ],
  [
    'a+b*c',
    "Add(left=Name(name='a', ctx='load'), right=Mul(left=Name(name='b', ctx='load'), right=Name(name='c', ctx='load')))",
  ],
  ['x[1:2]', 'x[Slice(start=Const(value=1), stop=Const(value=2), step=None)]'],
  [
    'a if b',
    "CondExpr(test=Name(name='b', ctx='load'), expr1=Name(name='a', ctx='load'), expr2=None)",
  ],
  [
    'x is not none',
    "not Test(node=Name(name='x', ctx='load'), name='none', args=[], kwargs=[], dyn_args=None, dyn_kwargs=None)",
  ],
  [
    "1 if (x|join(d=',') and [1,{'k':none}] or not -y ~ z) else (1,x.y,x['k'],m(*a,**b))",
    "CondExpr(test=Or(left=And(left=Filter(node=Name(name='x', ctx='load'), name='join', args=[], kwargs=[Keyword(key='d', value=Const(value=','))], dyn_args=None, dyn_kwargs=None), right=List(items=[Const(value=1), Dict(items=[Pair(key=Const(value='k'), value=Const(value=None))])])), right=Not(node=Concat(nodes=[Neg(node=Name(name='y', ctx='load')), Name(name='z', ctx='load')]))), expr1=Const(value=1), expr2=Tuple(items=[Const(value=1), Getattr(node=Name(name='x', ctx='load'), attr='y', ctx='load'), Getitem(node=Name(name='x', ctx='load'), arg=Const(value='k'), ctx='load'), Call(node=Name(name='m', ctx='load'), args=[], kwargs=[], dyn_args=Name(name='a', ctx='load'), dyn_kwargs=Name(name='b', ctx='load'))], ctx='load'))",
  ],
  [
    '(1 < 2 <= 3) if x[1:] is not none else x not in y',
    "CondExpr(test=Not(node=Test(node=Getitem(node=Name(name='x', ctx='load'), arg=Slice(start=Const(value=1), stop=None, step=None), ctx='load'), name='none', args=[], kwargs=[], dyn_args=None, dyn_kwargs=None)), expr1=Compare(expr=Const(value=1), ops=[Operand(op='lt', expr=Const(value=2)), Operand(op='lteq', expr=Const(value=3))]), expr2=Compare(expr=Name(name='x', ctx='load'), ops=[Operand(op='notin', expr=Name(name='y', ctx='load'))]))",
  ],
]

it.each(listed)('lists the config %s as dbt does', (expression, expected) => {
  const template = compileTemplate('m.sql', `{{ config(k=${expression}, of=var('v')) }}`)
  expect(writtenHeader(template, undefined, {})['k']).toBe(expected)
})
