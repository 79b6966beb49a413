/** Writes docs/reference/config.md from the settings schema. */
import { readFileSync, writeFileSync } from 'node:fs'
import { allSettings, type Setting, valueAt } from '../core/config/setting-paths.ts'
import { settingsSchema } from '../core/settings.ts'

const file = new URL('./reference/config.md', import.meta.url)

/** The page as Markdown. */
export function renderConfigReference(): string {
  const defaults = settingsSchema.parse({})
  const row = ({ path, description, variable }: Setting) => {
    const value = valueAt(defaults, path)
    const shown = value === undefined ? '' : `\`${value}\``
    return `| \`${path}\` | ${shown} | ${description} | \`${variable}\` |`
  }
  return `# Settings

Generated from the settings schema by \`make docs\`; do not edit.

A flag wins over a \`MILLRACE_*\` variable, a variable over the target in \`millrace.yml\`, the target over what
the running local services say of themselves, and those over the default. \`millrace config\` prints every
setting with its value and who set it. An unknown name is an error that names the nearest known one.

In \`millrace.yml\`, \`\${NAME}\` reads the environment variable NAME and \`\${NAME:-value}\` gives it a default.
A secret (\`kafka.sasl_password\`, \`s3.secret_access_key\`, \`postgres.url\`, \`lake.catalog_url\`) is never
printed. Each may also be looked up: \`file:<path>\`, or \`aws-secret:<name>\` or
\`aws-secret:<name>#<json key>\` (AWS Secrets Manager, with the credentials and the \`s3.region\` of this process).

| setting | default | meaning | variable |
|---|---|---|---|
${allSettings.map(row).join('\n')}
`
}

/** Whether the checked-in page is what the schema gives. */
export function isConfigReferenceCurrent(): boolean {
  return readFileSync(file, 'utf8') === renderConfigReference()
}

if (import.meta.main) writeFileSync(file, renderConfigReference())
