/** Three kinds of tests by what they cost: `unit` (nothing outside), `integration` (real services), `e2e` (a whole story). */
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { SummaryReporter } from './tests/support/summary-reporter.ts'

const withServices = {
  globalSetup: './tests/support/services.ts',
  hookTimeout: 120_000,
  expect: { poll: { timeout: 30_000 } }, // against hanging only: vitest's second is short on a busy machine
}

export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    teardownTimeout: 120_000, // the services stop one after the other
    // vitest leaves one core free, which on two cores means one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts', 'tests/conformance/**/*.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
          ...withServices,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 900_000,
          // A story measures and kills services; two at once would disturb each other.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...withServices,
        },
      },
    ],
  },
})
