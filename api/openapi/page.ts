/**
 * The reference as one page of HTML: no script, no picture, nothing from elsewhere, so that it works without a network
 * and the strictest policy holds for it.
 */
import { createHash } from 'node:crypto'
import { curl } from './markdown.ts'
import type { Answer, Operation, Outline } from './outline.ts'
import type { Field } from './schema-words.ts'

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #2563eb; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 17rem 1fr; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line); box-sizing: border-box; }
nav h2 { font-size: .8rem; text-transform: uppercase; opacity: .7; margin: 1rem 0 .2rem; }
nav a { display: block; color: inherit; text-decoration: none; padding: .1rem 0; overflow-wrap: anywhere; }
nav a:hover { color: var(--accent); }
main { padding: 1rem 2rem 4rem; max-width: 60rem; min-width: 0; }
article { border-top: 1px solid var(--line); padding: .5rem 0 1.5rem; }
h3 { font: 600 1.05rem ui-monospace, monospace; }
.method { color: var(--accent); }
code, pre { font: .9em ui-monospace, monospace; }
pre { background: var(--soft); padding: .6rem; overflow: auto; border-radius: 4px; }
table { border-collapse: collapse; width: 100%; margin: .7rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; opacity: .7; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; } }
`

/** Policy of the page: its own style and nothing else. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** The page. @param address that the examples ask */
export function renderPage(outline: Outline, address: string): string {
  const { title, description, groups } = outline
  const menu = groups.map(
    ({ name, operations }) => `<h2>${toHtml(name)}</h2>${operations.map(menuEntry).join('')}`,
  )
  const bodies = groups.map(
    (group) =>
      `<h2>${toHtml(group.name)}</h2><p>${toHtml(group.description)}</p>${group.operations
        .map((operation) => article(operation, address))
        .join('')}`,
  )
  return `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${toHtml(title)}</title>
<style>${style}</style>
<nav><h1>${toHtml(title)}</h1><a href="/openapi.json">openapi.json</a>${menu.join('')}</nav>
<main><p>${inline(description)}</p>${bodies.join('')}</main></html>
`
}

function menuEntry({ id, method, path }: Operation): string {
  return `<a href="#${toHtml(id)}"><span class="method">${method}</span> ${toHtml(path)}</a>`
}

function article(operation: Operation, address: string): string {
  const { id, method, path, summary, description, parameters, body, answers, example } = operation
  const rows = parameters.map(({ name, place, type, isRequired, description: meaning }) => [
    code(name),
    place + (isRequired ? ', needed' : ''),
    toHtml(type),
    inline(meaning),
  ])
  return `<article id="${toHtml(id)}"><h3><span class="method">${method}</span> ${toHtml(path)}</h3>
<p>${inline(summary)}. ${inline(description)}</p>${
    example === undefined ? '' : `<pre>${toHtml(curl(example, address))}</pre>`
  }${table(['parameter', 'in', 'type', ''], rows)}${fieldTable('field of the body', body)}${answersOf(answers)}</article>`
}

function answersOf(answers: readonly Answer[]): string {
  const rows = answers.map(({ status, description, mediaTypes }) => [
    status,
    inline(description),
    mediaTypes.map(code).join(', '),
  ])
  const good = answers.filter(({ status }) => status.startsWith('2'))
  const headers = good.flatMap((answer) =>
    answer.headers.map(({ name, description }) => [code(name), inline(description)]),
  )
  return [
    table(['answer', '', 'as'], rows),
    ...good.map(({ fields }) => fieldTable('field of the answer', fields)),
    table(['header', ''], headers),
  ].join('')
}

function fieldTable(title: string, fields: readonly Field[]): string {
  return table(
    [title, 'type', ''],
    fields.map(({ path, type, description }) => [code(path), toHtml(type), inline(description)]),
  )
}

/** Cells are HTML. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const cells = (tag: string, row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<table>${cells('th', head)}${rows.map((row) => cells('td', row)).join('')}</table>`
}

function code(text: string): string {
  return `<code>${toHtml(text)}</code>`
}

/** Text with `code` in it. */
function inline(text: string): string {
  return toHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')
}

function toHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
