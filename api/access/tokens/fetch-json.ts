/** What an identity provider says: JSON, at once, not from elsewhere, and not much of it. */

const maxBytes = 256 * 1024

/**
 * Fetches a document.
 * @param signal ends it
 * @throws when the answer is not 200, is elsewhere, has more than 256 KiB or is no JSON
 */
export async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  const headers = { accept: 'application/json' }
  const response = await fetch(url, { headers, redirect: 'error', signal })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`the identity provider answers with ${response.status}`)
  }
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return JSON.parse(text)
}
