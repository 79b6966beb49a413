/** Whether one node meets one criterion, its neighbours left aside. */
import type { GraphNode, SourceNode } from '../compile/graph.ts'
import type { Criterion } from './parse-selector.ts'

export type SelectableNode = GraphNode | SourceNode

export function matchesCriterion(node: SelectableNode, criterion: Criterion): boolean {
  const { method, value } = criterion
  switch (method) {
    case 'fqn':
      return matchesFqn(node, value)
    case 'path':
      return matchesPath(node.file, value)
    case 'file':
      return matchesFile(node.file, value)
    case 'tag':
      return node.tags.some((tag) => matchesGlob(tag, value))
    case 'source':
      return node.kind === 'source' && matchesSource(node, value)
    case 'config':
      return matchesConfig(node, criterion.key ?? '', value)
    case 'resource_type':
      return node.kind === value
    case 'package':
      return matchesGlob(node.package, value === 'this' ? node.package : value)
    case 'test_name':
      return node.kind === 'test' && matchesGlob(node.generic?.test ?? node.name, value)
    case 'test_type':
      return node.kind === 'test' && matchesTestType(node.generic !== undefined, value)
    default:
      return false
  }
}

/** `*` any text, `?` one character, `[ab]` one of these. */
function matchesGlob(text: string, pattern: string): boolean {
  if (!/[*?[]/.test(pattern)) return text === pattern
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^')
  try {
    return new RegExp(`^${source}$`).test(text)
  } catch {
    return false
  }
}

/** The node's name, or its project and folders from the left, with or without the project. */
function matchesFqn(node: SelectableNode, value: string): boolean {
  if (node.kind === 'source') return false
  if (matchesGlob(node.name, value)) return true
  const wanted = value.split('.')
  const full = node.fqn.flatMap((part) => part.split('.'))
  return matchesPrefix(full, wanted) || matchesPrefix(full.slice(1), wanted)
}

function matchesPrefix(parts: readonly string[], wanted: readonly string[]): boolean {
  return (
    wanted.length <= parts.length &&
    wanted.every((pattern, index) => matchesGlob(parts[index] ?? '', pattern))
  )
}

/** The file itself or a folder above it; `*` stays within one folder. */
function matchesPath(file: string, value: string): boolean {
  const wanted = value.replace(/^\.\//, '').replace(/\/+$/, '')
  return matchesPrefix(file.split('/'), wanted.split('/'))
}

function matchesFile(file: string, value: string): boolean {
  const name = file.split('/').at(-1) ?? ''
  return matchesGlob(name, value) || matchesGlob(name.replace(/\.\w+$/, ''), value)
}

function matchesSource(node: SourceNode, value: string): boolean {
  const parts = value.split('.')
  const wanted = parts.length === 3 ? parts.slice(1) : parts
  const [source = '', table] = wanted
  return matchesGlob(node.source, source) && (table === undefined || matchesGlob(node.name, table))
}

function matchesConfig(node: SelectableNode, key: string, value: string): boolean {
  const found =
    key === 'materialized' && node.kind === 'model' ? node.materialized : walk(node, key)
  if (Array.isArray(found)) return found.some((item) => matchesGlob(String(item), value))
  if (typeof found === 'object' && found !== null) return Object.hasOwn(found, value)
  return found !== undefined && found !== null && matchesGlob(String(found), value)
}

function walk(node: SelectableNode, key: string): unknown {
  return key.split('.').reduce<unknown>((value, part) => {
    const isObject = typeof value === 'object' && value !== null
    return isObject ? Object.entries(value).find(([name]) => name === part)?.[1] : undefined
  }, node.config)
}

function matchesTestType(isGeneric: boolean, value: string): boolean {
  if (value === 'data') return true
  return value === (isGeneric ? 'generic' : 'singular')
}
