/** Selections of one project, beside what dbt-core 1.12.6 lists for them; recorded by the project's record.py. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { MillraceError } from '../../../../core/errors.ts'
import type { Graph } from '../../../../transform/compile/graph.ts'
import { commandFilter } from '../../../../transform/plan/resource-types.ts'
import { type Selection, selectNodes } from '../../../../transform/plan/select-nodes.ts'
import { indirectModes } from '../../../../transform/plan/selection-spec.ts'
import { compileFolder } from '../../../support/project.ts'

const folder = join(import.meta.dirname, '../../../projects/selection')

const recorded = readFileSync(join(folder, 'recorded.tsv'), 'utf8')
  .replace(/\n$/, '')
  .split('\n')
  .map((line) => {
    const [options = '', ids = '', warned] = line.split('\t')
    return { options, ids, warned: warned?.split('|') ?? [] }
  })

/** Each option with its values, in the order of the line. */
function parseOptions(line: string): (name: string) => string[] {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  )
  return (name) => words.filter((_, index) => words[index - 1] === `--${name}`)
}

function list(graph: Graph, line: string): { readonly ids: string; readonly warned: string[] } {
  const valuesOf = parseOptions(line)
  const selection: Selection = {
    select: valuesOf('select'),
    exclude: valuesOf('exclude'),
    selector: valuesOf('selector')[0],
    indirectSelection: indirectModes.find((mode) => mode === valuesOf('indirect-selection')[0]),
  }
  const types = {
    resourceType: valuesOf('resource-type'),
    excludeResourceType: valuesOf('exclude-resource-type'),
  }
  try {
    const { nodes, warnings } = selectNodes(graph, selection, commandFilter('ls', types))
    const warned = warnings.map(({ message }) => /'(.*)'/.exec(message)?.[1] ?? message)
    return { ids: nodes.map(({ id }) => id.replace('.shop.', '.')).join(' '), warned }
  } catch (error) {
    if (error instanceof MillraceError) return { ids: 'error', warned: [] }
    throw error
  }
}

describe('a selection lists what dbt lists', () => {
  let graph: Graph
  beforeAll(async () => {
    graph = (await compileFolder(folder)).graph
  })

  // dbt warns of the nothing between two blanks; here blanks are blanks.
  const same = recorded.filter(({ options }) => options !== '--select "orders  customers"')

  it.each(same)('for $options', ({ options, ids, warned }) => {
    expect(list(graph, options)).toEqual({ ids, warned })
  })
})
