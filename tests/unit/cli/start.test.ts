import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const textOf = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')

it('gives Node the same options in a clone and when it is installed', () => {
  const [firstLine = ''] = textOf('cli/main.ts').split('\n')
  const started = textOf('millrace').match(/^exec .*$/m)?.[0] ?? ''
  const options = firstLine.match(/--\S+/g)
  expect(options).toEqual(['--max-semi-space-size=16', '--no-memory-reducer'])
  expect(started.match(/--\S+/g)).toEqual(options)
})
