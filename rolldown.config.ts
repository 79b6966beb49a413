/**
 * The release: few files that load fast, each command's in chunks of their own. Every file is made one folder below
 * `dist/` (core/shipped-file.ts counts on it). Packages that every command needs are bundled, with their licences
 * beside them; the others stay packages, loaded by who needs them.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type Plugin } from 'rolldown'
import { outlineOf } from './transform/compile/macro-outline.ts'
import { compileMacros } from './transform/compile/macros.ts'
import { standardPackage } from './transform/stdlib/standard-macros.ts'

const bundled = ['yaml', 'yargs', 'zod', '@duckdb/node-api']

export default defineConfig({
  platform: 'node',
  input: {
    'cli/main': 'cli/main.ts',
    'cli/dbt': 'cli/dbt.ts',
    'transform/index': 'transform/index.ts',
    'local/supervisor': 'local/supervisor/main.ts',
  },
  external: (id, importer) => {
    // The engine itself is a file of machine code, one package a platform.
    if (id.startsWith('@duckdb/node-bindings')) return true
    const isPackage = !/^(\.|\/|node:)/.test(id)
    return isPackage && importer?.includes('node_modules') === false && !bundled.includes(id)
  },
  output: {
    dir: 'dist',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Each file costs about a millisecond: what nearly every command loads goes together.
    codeSplitting: {
      groups: [
        {
          name: 'main',
          test: /\/core\/config\/default-cache-dir\.ts|\/cli\/(?:thread-pool|compile-cache)\.ts/,
          priority: 4,
        },
        { name: 'start', test: /\/cli\/(?:run-process|command-line)\.ts/, priority: 3 },
        { name: 'project', test: /\/cli\/runner\/(?:open-project|run-context)\.ts/, priority: 2 },
        { name: 'library', test: /\/transform\/index\.ts/, priority: 1 },
      ],
    },
  },
  plugins: [licences(), lazyUnicode(), standardOutlines()],
})

/** The licences of the packages that the bundle holds, as one file. */
function licences(): Plugin {
  return {
    name: 'licences',
    generateBundle() {
      const folders = [...this.getModuleIds()].flatMap(
        (id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [],
      )
      const texts = [...new Set(folders)].sort().map((folder) => {
        const { name, version, license } = JSON.parse(
          readFileSync(join(folder, 'package.json'), 'utf8'),
        )
        const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
        if (file === undefined) throw new Error(`${name} has no licence file`)
        return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
      })
      this.emitFile({
        type: 'asset',
        fileName: 'third-party-licences.txt',
        source: texts.join(`\n${'-'.repeat(72)}\n\n`),
      })
    },
  }
}

/**
 * The packages that lay out help make a segmenter of Unicode and a set of all that can be seen when they are loaded,
 * which takes 10 ms each.
 */
function lazyUnicode(): Plugin {
  const segmenter = /const segmenter = new Intl\.Segmenter\(\);/
  const lazySegmenter = `let madeSegmenter;
const segmenter = { segment: (text) => (madeSegmenter ??= new Intl.Segmenter()).segment(text) };`
  const visible = /const visibleCharacterRegex = (\/.+\/v);/
  const lazyVisible = `let madeVisible;
const visible = () => (madeVisible ??= $1);
const visibleCharacterRegex = {
  test: (text) => visible().test(text),
  [Symbol.search]: (text) => visible()[Symbol.search](text),
};`
  let count = 0
  return {
    name: 'lazy-unicode',
    transform(code, id) {
      if (!id.includes('/node_modules/') || !segmenter.test(code)) return undefined
      const used = code.replaceAll(
        /visibleCharacterRegex(?: = |\.test\()|search\(visibleCh\w+\)/g,
        '',
      )
      if (used.includes('visibleCharacterRegex')) this.error(`${id} asks for more than that`)
      count += visible.test(code) ? 1 : 0
      return code.replace(segmenter, lazySegmenter).replace(visible, lazyVisible)
    },
    buildEnd() {
      if (count === 0) this.error('no package makes sets of Unicode as it loads any more')
    },
  }
}

/** What the texts of dbt's own macros say, so that no run has to parse them all for its manifest. */
function standardOutlines(): Plugin {
  return {
    name: 'standard-outlines',
    transform(_, id) {
      if (!id.endsWith('/transform/compile/standard-outlines.ts')) return undefined
      const macros = compileMacros('', [], new Map()).packages.get(standardPackage) ?? new Map()
      const outlines = [...macros].map(([name, macro]) => [name, outlineOf(macro, name)])
      const text = JSON.stringify(JSON.stringify(outlines))
      return `let made;
export function standardOutline(name) {
  made ??= new Map(JSON.parse(${text}));
  return made.get(name);
}`
    },
  }
}
