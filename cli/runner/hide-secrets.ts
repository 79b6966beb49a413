/** What logs may show: neither the values of dbt's secret variables nor the secrets of a profile. */
import { type Environment, processEnvironment } from '../../core/config/environment.ts'
import { secretsOf, withoutSecrets, withStars } from '../../core/redact.ts'
import type { Secret } from '../../core/secret.ts'

type Hidden = {
  /** Of `--vars`. */
  readonly vars?: Readonly<Record<string, unknown>>
  /** Of the profile. */
  readonly hidden?: readonly Secret[]
}

/** A function that takes out of a text what variables `DBT_ENV_SECRET…` and the profile hold. */
export function secretHider(
  { vars, hidden = [] }: Hidden,
  environment: Environment = processEnvironment,
): (text: string) => string {
  const secrets = secretsOf({ ...environment, ...vars })
  return (text) => withoutSecrets(withStars(text, secrets), hidden)
}
