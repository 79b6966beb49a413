/** Secrets by reference: plain text, `file:<path>`, or `aws-secret:<name>[#<json key>]` (AWS Secrets Manager). */
import { readFile } from 'node:fs/promises'
import { messageOf } from '../errors.ts'
import { problem } from '../problems.ts'
import { Secret } from '../secret.ts'

export type SecretOptions = { readonly region: string; readonly endpoint?: string | undefined }

/**
 * Looks a reference up; anything without a known prefix is the secret itself.
 * @throws `config/secret-unreadable`
 */
export async function resolveSecret(reference: Secret, options: SecretOptions): Promise<Secret> {
  const text = reference.reveal()
  try {
    if (text.startsWith('file:')) {
      const content = await readFile(text.slice('file:'.length), 'utf8')
      return new Secret(content.trimEnd())
    }
    if (text.startsWith('aws-secret:')) {
      return new Secret(await readAwsSecret(text.slice('aws-secret:'.length), options))
    }
    return reference
  } catch (cause) {
    const parameters = { reference: text, reason: messageOf(cause) }
    throw problem('config/secret-unreadable', parameters, { cause })
  }
}

async function readAwsSecret(name: string, options: SecretOptions): Promise<string> {
  const [secretId, key] = name.split('#')
  // Loaded when needed: the client costs every other command start-up time.
  const { GetSecretValueCommand, SecretsManagerClient } = await import(
    '@aws-sdk/client-secrets-manager'
  )
  const client = new SecretsManagerClient({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  })
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: secretId }))
    const text = answer.SecretString
    if (text === undefined) throw new Error('it is binary, not text')
    if (key === undefined) return text
    const value = parseJson(text)
    if (typeof value === 'object' && value !== null && key in value) {
      return String(Object.entries(value).find(([name]) => name === key)?.[1])
    }
    throw new Error(`it has no key ${key}`)
  } finally {
    client.destroy()
  }
}

/** JSON.parse quotes what it cannot read, and that is the secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('it is not JSON, so it has no keys')
  }
}
