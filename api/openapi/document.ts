/** The OpenAPI document: what every feature says of its routes, in one. */
import type { OpenApiPaths, OpenApiValue } from './paths.ts'

/** An OpenAPI 3.1 document of the paths of all features. */
export function openApiDocument(features: readonly OpenApiPaths[]): OpenApiValue {
  const paths = Object.fromEntries(features.flatMap((feature) => Object.entries(feature)))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Millrace',
      version: '1',
      description:
        'Published tables and SQL endpoints. Errors are problem details (RFC 9457) with `code`, `detail` and `request_id`.',
    },
    // Plain JSON: undefined values are left out.
    paths: JSON.parse(JSON.stringify(paths)) as OpenApiValue,
  }
}
