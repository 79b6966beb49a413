import { expect, it } from 'vitest'
import { embedInPage, readDocsPage } from '../../../../cli/runner/docs-page.ts'

it('puts artifacts into the page so that no text of theirs ends the script', async () => {
  const text = JSON.stringify({ manifest: { note: '</script><script>alert(1)</script> $& <!--' } })
  const page = embedInPage(await readDocsPage(), text)
  const held = /<script id="data" type="application\/json">(.*?)<\/script>/s.exec(page)?.[1] ?? ''
  expect(JSON.parse(held)).toEqual(JSON.parse(text))
})

it('asks nothing of other machines', async () => {
  expect(await readDocsPage()).not.toMatch(/https?:\/\//)
})
