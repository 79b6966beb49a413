/**
 * The tree of an expression as Python's Jinja prints it. dbt lists configs so that it does not write out otherwise, and
 * compares them between two states of a project.
 */
import type { Argument, BinaryOperator, CompareOperator, Expression } from '../jinja/ast.ts'
import { Float, toRepr } from '../jinja/values.ts'

const binaryNames: Readonly<Record<Exclude<BinaryOperator, '~'>, string>> = {
  '+': 'Add',
  '-': 'Sub',
  '*': 'Mul',
  '/': 'Div',
  '//': 'FloorDiv',
  '%': 'Mod',
  '**': 'Pow',
}

const compareNames: Readonly<Record<CompareOperator, string>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'lteq',
  '>': 'gt',
  '>=': 'gteq',
  in: 'in',
  'not in': 'notin',
}

const unaryNames = { '-': 'Neg', '+': 'Pos', not: 'Not' } as const

export function treeOf(node: Expression): string {
  switch (node.kind) {
    case 'literal':
      return `Const(value=${toRepr(node.value)})`
    case 'float':
      return `Const(value=${toRepr(new Float(node.value))})`
    case 'name':
      return `Name(name='${node.name}', ctx='load')`
    case 'list':
      return `List(items=${treesOf(node.items)})`
    case 'tuple':
      return `Tuple(items=${treesOf(node.items)}, ctx='load')`
    case 'dict': {
      const pairs = node.entries.map(([key, value]) => {
        return `Pair(key=${treeOf(key)}, value=${treeOf(value)})`
      })
      return `Dict(items=[${pairs.join(', ')}])`
    }
    case 'attribute':
      return `Getattr(node=${treeOf(node.object)}, attr='${node.name}', ctx='load')`
    case 'item':
      return `Getitem(node=${treeOf(node.object)}, arg=${treeOf(node.index)}, ctx='load')`
    case 'slice':
      return `Getitem(node=${treeOf(node.object)}, arg=${sliceTree(node.bounds)}, ctx='load')`
    case 'call':
      return `Call(node=${treeOf(node.callee)}, ${argumentTrees(node.args)})`
    case 'filter':
    case 'test': {
      const name = node.kind === 'filter' ? 'Filter' : 'Test'
      const value = treeOf(node.value)
      return `${name}(node=${value}, name='${node.name}', ${argumentTrees(node.args)})`
    }
    case 'unary':
      return `${unaryNames[node.operator]}(node=${treeOf(node.value)})`
    case 'binary':
      if (node.operator === '~') return `Concat(nodes=${treesOf(joined(node))})`
      return `${binaryNames[node.operator]}(left=${treeOf(node.left)}, right=${treeOf(node.right)})`
    case 'and':
    case 'or': {
      const name = node.kind === 'and' ? 'And' : 'Or'
      return `${name}(left=${treeOf(node.left)}, right=${treeOf(node.right)})`
    }
    case 'compare': {
      const rest = node.rest.map(({ operator, value }) => {
        return `Operand(op='${compareNames[operator]}', expr=${treeOf(value)})`
      })
      return `Compare(expr=${treeOf(node.first)}, ops=[${rest.join(', ')}])`
    }
    case 'condition': {
      const { test, then, otherwise } = node
      return `CondExpr(test=${treeOf(test)}, expr1=${treeOf(then)}, expr2=${treeOrNone(otherwise)})`
    }
    default:
      return node satisfies never
  }
}

function treesOf(nodes: readonly Expression[]): string {
  return `[${nodes.map(treeOf).join(', ')}]`
}

function treeOrNone(node: Expression | undefined): string {
  return node === undefined ? 'None' : treeOf(node)
}

export function sliceTree([start, stop, step]: readonly (Expression | undefined)[]): string {
  return `Slice(start=${treeOrNone(start)}, stop=${treeOrNone(stop)}, step=${treeOrNone(step)})`
}

/** `a ~ b ~ c` is one list of parts. */
function joined(node: Expression): readonly Expression[] {
  return node.kind === 'binary' && node.operator === '~'
    ? [...joined(node.left), node.right]
    : [node]
}

function argumentTrees(args: readonly Argument[]): string {
  const of = (kind: Argument['kind']) => args.filter((arg) => arg.kind === kind)
  const named = of('named').map(
    ({ name, value }) => `Keyword(key='${name}', value=${treeOf(value)})`,
  )
  const positional = treesOf(of('positional').map(({ value }) => value))
  const [spread] = of('spread')
  const [spreadNamed] = of('spread-named')
  return `args=${positional}, kwargs=[${named.join(', ')}], dyn_args=${treeOrNone(spread?.value)}, dyn_kwargs=${treeOrNone(spreadNamed?.value)}`
}
