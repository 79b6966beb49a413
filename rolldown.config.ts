/**
 * The release: few files that load fast, each command's in chunks of their own. Every file is made one folder below
 * `dist/` (core/shipped-file.ts counts on it). Packages that every command needs are bundled, with their licences
 * beside them; the others stay packages, loaded by who needs them.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
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
    'local/sagemaker': 'local/sagemaker/main.ts',
    'api/ad-hoc-child': 'api/ad-hoc/child/main.ts',
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
    comments: false,
    // Each file costs about a millisecond: what nearly every command loads goes together.
    codeSplitting: {
      groups: [
        {
          name: 'main',
          test: /\/core\/config\/default-cache-dir\.ts|\/cli\/(?:thread-pool|compile-cache)\.ts/,
          priority: 4,
        },
        { name: 'start', test: /\/cli\/(?:run-process|command-line)\.ts/, priority: 3 },
        { name: 'project', test: /\/cli\/commands\/(?:build|run|test|seed)\.ts/, priority: 2 },
        { name: 'library', test: /\/transform\/index\.ts/, priority: 1 },
      ],
    },
  },
  plugins: [plainBuiltins(), onlyAscii(), licences(), lazyUnicode(), standardOutlines()],
})

/**
 * Node's own modules, asked for without `import`: that reads every getter of them, and those of `fs`, `crypto` and
 * `util` load what no command here uses, which takes 10 ms.
 */
function plainBuiltins(): Plugin {
  const prefix = '\0plain:'
  return {
    name: 'plain-builtins',
    resolveId(id, _, { kind }) {
      return kind === 'import-statement' && isBuiltin(id) ? `${prefix}${id}` : undefined
    },
    load(id) {
      if (!id.startsWith(prefix)) return undefined
      const name = id.slice(prefix.length)
      const open = `process.getBuiltinModule('${name}')`
      const keys = Object.keys(process.getBuiltinModule(name) ?? {}).filter(
        (key) => key !== 'default',
      )
      const isSeldomUsed = name.replace('node:', '') === 'assert'
      // Pure, so that what nobody imports is not read.
      const lines = keys.map((key) =>
        isSeldomUsed
          ? `export const ${key} = (...args) => ${open}.${key}(...args)`
          : `export const ${key} = /* @__PURE__ */ (() => builtin.${key})()`,
      )
      return isSeldomUsed
        ? lines.join('\n')
        : [`const builtin = ${open}`, 'export default builtin', ...lines].join('\n')
    },
  }
}

/** A text with one letter beyond ASCII takes twice the memory, and is decoded before it is read. */
function onlyAscii(): Plugin {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return {
    name: 'only-ascii',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'chunk') file.code = file.code.replaceAll(/[^\0-\x7f]/g, escaped)
      }
    },
  }
}

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
 * The packages that lay out help make a segmenter of Unicode, a set of all that can be seen and one of all emoji when
 * they are loaded, which takes 10 ms each.
 */
function lazyUnicode(): Plugin {
  const early = /^const (\w+) = (new Intl\.Segmenter\(\)|\/.+\/v);$/gm
  let sets = 0
  return {
    name: 'lazy-unicode',
    transform(code, id) {
      if (!id.includes('/node_modules/') || !code.includes('new Intl.Segmenter()')) return undefined
      let lazy = code
      for (const [line, name = '', value = ''] of code.matchAll(early)) {
        if (value.endsWith('v')) sets++
        const made = `let made_${name};\nconst get_${name} = () => (made_${name} ??= ${value});`
        lazy = lazy
          .replace(line, () => made)
          .replaceAll(new RegExp(`(?<!\\w)${name}\\b`, 'g'), `get_${name}()`)
      }
      return lazy
    },
    buildEnd() {
      if (sets === 0) this.error('no package makes sets of Unicode as it loads any more')
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
