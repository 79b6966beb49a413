/** The people who use the shop. The simulator's user ids and `seeds/registered_users.csv` agree on them. */
import { cultures } from './names.ts'
import { createRandom } from './random.ts'

export type Person = {
  readonly userId: number
  readonly name: string
  readonly email: string
  /** UTC, `YYYY-MM-DD HH:MM:SS`, between 2022-01-01 and 2024-10-31. */
  readonly signupDate: string
}

/** Users in the seed, and of `millrace produce` by default. */
const defaultUserCount = 2_000

const worldSeed = 19_700_101
const firstSignup = Date.UTC(2022, 0, 1)
const lastSignup = Date.UTC(2024, 9, 31, 23, 59, 59)
const mailHosts = ['example.com', 'example.org', 'mail.example.com'] as const

/** Who a user id is; the same person for every seed of the simulator. */
export function personOf(userId: number): Person {
  const random = createRandom(worldSeed, userId)
  const culture = random.pick(cultures)
  const given = random.pick(culture.given)
  const family = random.pick(culture.family)
  const written = culture.familyFirst
    ? [family.written, given.written]
    : [given.written, family.written]
  // Early users are fewer than late ones: a shop grows.
  const signedUp = firstSignup + Math.sqrt(random.next()) * (lastSignup - firstSignup)
  return {
    userId,
    name: written.join(culture.separator ?? ' '),
    email: `${given.ascii}.${family.ascii}.${userId}@${random.pick(mailHosts)}`,
    signupDate: new Date(signedUp).toISOString().slice(0, 19).replace('T', ' '),
  }
}

/** The content of `seeds/registered_users.csv` for users 1…`count`. */
export function usersCsv(count: number = defaultUserCount): string {
  const rows = Array.from({ length: count }, (_, index) => {
    const { userId, name, email, signupDate } = personOf(index + 1)
    return [userId, name, email, signupDate].join(',')
  })
  return `${['user_id,name,email,signup_date', ...rows].join('\n')}\n`
}
