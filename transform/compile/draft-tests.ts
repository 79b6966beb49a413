/** Generic data tests, from what schema files ask of models, seeds and sources. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { compileTemplate } from '../jinja/template.ts'
import { type Arguments, HostFunction, isHostObject } from '../jinja/values.ts'
import type { Config, TestDeclaration } from '../project/project.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import { type Compilation, collecting, folderConfig, makeNames } from './drafts.ts'
import { missingArgument, nameGenericTest } from './generic-tests.ts'
import { type MacroLibrary, testNames } from './macros.ts'
import type { NamedNode, NodeHost } from './node-names.ts'
import { ParseHost } from './parse-host.ts'
import { mergeConfig } from './resolve-config.ts'

export type GenericDraft = NamedNode & {
  readonly declaration: TestDeclaration
  readonly config: Config
  readonly asked: ParseHost
  /** The node or source under test. */
  readonly subject: string
}

export type Subject = {
  readonly id: string
  /** As it stands in the test's name: `stg_users`, or `raw_events` for a source. */
  readonly name: string
  readonly isSource: boolean
  readonly fqn: readonly string[]
  readonly file: string
}

/** Drafts of all tests of one subject; tests that cannot be are listed as problems. */
export function draftGenericTests(
  compilation: Compilation,
  subject: Subject,
  declarations: readonly TestDeclaration[],
): GenericDraft[] {
  return declarations.flatMap((declaration) => {
    const draft = collecting(compilation, () => draftOne(compilation, subject, declaration))
    return draft === undefined ? [] : [draft]
  })
}

function draftOne(
  compilation: Compilation,
  subject: Subject,
  declaration: TestDeclaration,
): GenericDraft | undefined {
  assertKnownTest(compilation, subject, declaration)
  const { inputs } = compilation
  const { test, column, arguments: args, at } = declaration
  const spelt = test.replaceAll('.', '_')
  const kind = subject.isSource ? `source_${spelt}` : spelt
  const name = declaration.name ?? nameGenericTest(kind, subject.name, column, args, inputs.md5)
  const fqn = [...subject.fqn.slice(0, -1), name]
  const config = mergeConfig(folderConfig(compilation, 'tests', fqn), declaration.config)
  if (config['enabled'] === false) return undefined
  const [owner = ''] = subject.fqn
  const digest = inputs.md5(`${subject.id} ${test} ${name} ${JSON.stringify(args)}`).slice(0, 10)
  const id = `test.${owner}.${name}.${digest}`
  const named = { name, id, file: at.file, fqn, package: owner, kind: 'test' }
  const asked = new ParseHost(config)
  evaluateArguments(compilation, named, asked, declaration)
  return { ...named, declaration, config, asked, subject: subject.id }
}

function assertKnownTest(
  { library }: Compilation,
  subject: Subject,
  { test, column, arguments: args, at }: TestDeclaration,
): void {
  const owner = ownerOfTest(library, test)
  if (owner === undefined) {
    const parameters = { test, subject: subject.name, nearest: nearest(test, testNames(library)) }
    throw problem('model/unknown-test', parameters, { at })
  }
  if (owner !== standardPackage) return
  const missing = missingArgument(test.split('.').at(-1) ?? test, column, args)
  if (missing !== undefined) {
    const reason = `needs ${missing}`
    throw problem('model/invalid-property', { path: `${subject.name}.${test}`, reason }, { at })
  }
}

/** The package whose block a test's name means. */
function ownerOfTest({ root, packages }: MacroLibrary, test: string): string | undefined {
  const [plain = test, named] = test.split('.').reverse()
  const owners = named === undefined ? [root, standardPackage] : [named]
  return owners.find((owner) => packages.get(owner)?.has(`test_${plain}`))
}

/** Arguments with Jinja or with calls such as `ref('x')` become what they say; the rest stays as it is written. */
export function evaluateArguments(
  compilation: Compilation,
  node: NamedNode,
  host: NodeHost,
  { arguments: args, at }: TestDeclaration,
): Map<string, unknown> {
  const call = /^\s*(?:env_var|ref|var|source|doc)\s*\(.+\)\s*$/s
  const evaluate = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(evaluate)
    if (typeof value === 'object' && value !== null && !isHostObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, evaluate(part)]))
    }
    if (typeof value !== 'string') return value
    const text = value.replace(/^\s*\{\{((?:(?!\}\}).)*)\}\}\s*$/s, '$1')
    const isCall = call.test(text)
    if (!isCall && !value.includes('{{')) return value
    const { own, all } = makeNames(compilation, node, host, 'sync')
    let captured: unknown
    const capture = ({ positional }: Arguments) => {
      captured = positional[0]
      return ''
    }
    own.set('capture', new HostFunction('capture', capture))
    if (!isCall) return compileTemplate(at.file, value).renderSync(all)
    compileTemplate(at.file, `{{ capture(${text}) }}`).renderSync(all)
    return captured
  }
  return new Map(Object.entries(args).map(([key, value]) => [key, evaluate(value)]))
}
