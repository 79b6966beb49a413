/** Names of what a deployment makes: which endpoint, which version, and when. */

/** `purchase-likelihood-v7-mf3k2a9x`; a model and an endpoint configuration share it. */
export function deploymentName(endpoint: string, version: number, now: number): string {
  return `${endpoint}-v${version}-${now.toString(36)}`
}

/** The version in a name that `deploymentName` made for this endpoint. */
export function versionIn(endpoint: string, name: string): number | undefined {
  if (!name.startsWith(`${endpoint}-v`)) return undefined
  const [, version] = /^(\d+)-[a-z0-9]+$/.exec(name.slice(endpoint.length + 2)) ?? []
  return version === undefined ? undefined : Number(version)
}
