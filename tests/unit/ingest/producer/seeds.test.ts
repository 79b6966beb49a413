import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { categories, products, productsCsv } from '../../../../ingest/producer/catalogue.ts'
import { personOf, usersCsv } from '../../../../ingest/producer/people.ts'

const seed = (name: string) =>
  readFileSync(new URL(`../../../../seeds/${name}`, import.meta.url), 'utf8')

describe('the seeds', () => {
  it('hold exactly the simulator’s users', () => {
    expect(seed('registered_users.csv')).toBe(usersCsv())
  })

  it('hold exactly the simulator’s products', () => {
    expect(seed('products.csv')).toBe(productsCsv())
  })

  it('need no quoting: no field has a comma, a quote or a line break', () => {
    for (const line of (usersCsv() + productsCsv()).trimEnd().split('\n')) {
      expect(line.split(',')).toHaveLength(4)
      expect(line).not.toMatch(/["\r]/)
    }
  })

  it('give every user an ASCII address of their own and a date before the events', () => {
    const people = Array.from({ length: 2_000 }, (_, index) => personOf(index + 1))
    expect(new Set(people.map(({ email }) => email)).size).toBe(2_000)
    for (const { email, signupDate, name } of people) {
      expect(email).toMatch(/^[a-z]+\.[a-z]+\.\d+@(mail\.)?example\.(com|org)$/)
      expect(signupDate).toMatch(/^202[234]-\d\d-\d\d \d\d:\d\d:\d\d$/)
      expect(name.length).toBeLessThanOrEqual(100)
    }
    expect(people.some(({ name }) => /[^ -~]/.test(name))).toBe(true)
  })

  it('have as many products in each category, all with different names', () => {
    expect(new Set(products.map(({ name }) => name)).size).toBe(products.length)
    for (const { name } of categories) {
      expect(products.filter(({ category }) => category === name)).toHaveLength(20)
    }
  })
})
