/** What a feature says of its routes; the document is made of all of them. */

/** A JSON value of the OpenAPI 3.1 document. */
export type OpenApiValue =
  | string
  | number
  | boolean
  | null
  | readonly OpenApiValue[]
  | OpenApiObject

export type OpenApiObject = { readonly [key: string]: OpenApiValue }

export type OpenApiOperation = {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly OpenApiValue[]
  readonly requestBody?: OpenApiValue
  /** Status → response; the problems that every route can answer with are added to them. */
  readonly responses: { readonly [status: string]: OpenApiValue }
  /** Callers who have none of these do not see the operation; an empty list or none: everybody does. */
  readonly roles?: readonly string[]
  /** Lists like `roles`, of each of which callers need one. */
  readonly tableRoles?: readonly (readonly string[])[]
  /** Answered without a key, and never refused for too much load. */
  readonly isProbe?: boolean
  /** Some callers are answered without a key. */
  readonly keyIsOptional?: boolean
}

/** Path with `{name}` parameters → method → operation. */
export type OpenApiPaths = {
  readonly [path: string]: { readonly [method in 'get' | 'post']?: OpenApiOperation }
}
