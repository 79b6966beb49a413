/** Pure: what the readers of a published table are promised. */
import type { PublishedContract } from '../../core/contracts/published-table.ts'
import type { PublishRequest } from './request.ts'

/** Columns without a description and without personal data are left to the database's own list. */
export function contractOf(request: PublishRequest): PublishedContract {
  const descriptions = request.columnDescriptions ?? {}
  const pii = request.piiColumns ?? []
  const isPersonal = (name: string) => pii.some((one) => one.toLowerCase() === name.toLowerCase())
  const named = Object.keys(descriptions)
  const unnamed = pii.filter((one) => !named.some((n) => n.toLowerCase() === one.toLowerCase()))
  return {
    api: request.api ?? false,
    roles: [...(request.roles ?? [])],
    description: request.description?.trim() ?? '',
    unique_key: [...request.uniqueKey],
    columns: [...named, ...unnamed].map((name) => ({
      name,
      description: descriptions[name]?.trim() ?? '',
      pii: isPersonal(name),
    })),
  }
}
