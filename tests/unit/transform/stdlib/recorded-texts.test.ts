import { describe, expect, it } from 'vitest'
import { readRecorded, withOneBlank, withPrelude } from '../../../support/recorded-texts.ts'
import { renderTemplate } from '../../../support/render-template.ts'

const recorded = readRecorded(new URL('./recorded-texts.json', import.meta.url))

describe("dbt's macros and context", () => {
  it.each(recorded)('print what dbt prints for %s', async (template, text) => {
    expect(withOneBlank(await renderTemplate(withPrelude(template)))).toBe(text)
  })
})
