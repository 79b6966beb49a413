/** One template rendered with dbt's context and macros, without a project: what a node of package `shop` sees. */
import { createHash } from 'node:crypto'
import type { MillraceError } from '../../core/errors.ts'
import type { CompileInputs } from '../../transform/compile/inputs.ts'
import { compileMacros, NodeNames, readSearchOrders } from '../../transform/compile/macros.ts'
import { type NodeHost, namesOfNode } from '../../transform/compile/node-names.ts'
import { compileTemplate } from '../../transform/jinja/template.ts'
import type { Config } from '../../transform/project/project.ts'
import { RelationValue } from '../../transform/stdlib/relation.ts'

export type TemplateSetting = Partial<
  Pick<CompileInputs, 'database' | 'flags' | 'log' | 'engine' | 'environment'>
> & {
  /** Of the node. */
  readonly kind?: string
  /** Files of macros, by path. */
  readonly macros?: Readonly<Record<string, string>>
  readonly host?: Partial<NodeHost>
  readonly warnings?: MillraceError[]
}

const hashed = (algorithm: string) => (text: string) =>
  createHash(algorithm).update(text).digest('hex')

/** The text of a template; `config(…)` in it counts for what stands after it. */
export async function renderTemplate(text: string, setting: TemplateSetting = {}): Promise<string> {
  const { kind = 'model', macros = {}, host: given, warnings = [], ...rest } = setting
  const files = Object.entries(macros).map(([file, macro]) => ({
    file,
    text: macro,
    package: 'shop',
    name: file,
    folders: [],
  }))
  const library = compileMacros('shop', files, readSearchOrders([]))
  const inputs: CompileInputs = {
    target: { name: 'dev', database: 'lake', schema: 'main', type: 'duckdb', threads: 1 },
    vars: {},
    environment: {},
    md5: hashed('md5'),
    sha256: hashed('sha256'),
    startedAt: '2024-05-06T07:08:09.123Z',
    invocationId: '00000000-0000-4000-8000-00000000000a',
    fullRefresh: false,
    ...rest,
  }
  const node = { name: 'm', id: 'model.shop.m', file: 'models/m.sql', fqn: ['shop', 'm'], kind }
  const own = namesOfNode(
    { ...node, package: 'shop' },
    { ...makeHost(), ...given },
    inputs,
    {},
    () => all,
    (warning) => warnings.push(warning),
  )
  own.set('this', new RelationValue(node.id, { catalog: 'lake', schema: 'main', name: 'm' }))
  const all: NodeNames = new NodeNames(own, library, 'async', 'shop')
  return await compileTemplate(node.file, text).render(all)
}

function makeHost(): NodeHost {
  let config: Config = {}
  const relation = (name: string) =>
    new RelationValue(`model.shop.${name}`, { catalog: 'lake', schema: 'main', name })
  return {
    execute: true,
    ref: (parts) => relation(parts.at(-1) ?? ''),
    source: (_, table) => relation(table),
    config: (values) => {
      config = { ...config, ...values }
    },
    readConfig: () => config,
    isIncremental: () => false,
    newRows: (rows) => rows,
    graph: () => new Map(),
  }
}
