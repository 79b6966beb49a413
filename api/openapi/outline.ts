/** The document as a reader wants it: per operation what to send, what comes back, and one request that works. */
import { isObject } from './document.ts'
import type { OpenApiObject, OpenApiValue } from './paths.ts'
import { type Field, fieldsOf, plainText, schemaWords } from './schema-words.ts'

type Parameter = {
  readonly name: string
  /** `path`, `query` or `header` */
  readonly place: string
  readonly isRequired: boolean
  readonly type: string
  readonly description: string
}

export type Answer = {
  /** `200`, or `default` */
  readonly status: string
  readonly description: string
  readonly mediaTypes: readonly string[]
  readonly headers: readonly { readonly name: string; readonly description: string }[]
  /** Of JSON answers. */
  readonly fields: readonly Field[]
}

export type Operation = {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly description: string
  readonly parameters: readonly Parameter[]
  readonly body: readonly Field[]
  readonly answers: readonly Answer[]
  readonly example: Example | undefined
}

/** A request that works on the shipped endpoints. */
export type Example = {
  readonly method: string
  /** With its query. */
  readonly url: string
  /** JSON. */
  readonly body: string | undefined
}

export type Outline = {
  readonly title: string
  readonly description: string
  readonly groups: readonly {
    readonly name: string
    readonly description: string
    readonly operations: readonly Operation[]
  }[]
}

/** Reads a document of `openApiDocument`. */
export function outlineOf(document: OpenApiObject): Outline {
  const info = objectOf(document['info'])
  const operations = Object.entries(objectOf(document['paths'])).flatMap(([path, item]) =>
    Object.entries(objectOf(item)).map(([method, value]) => {
      const operation = objectOf(value)
      const tag = plainText(listOf(operation['tags'])[0])
      return { tag, ...operationOf(document, method, path, operation) }
    }),
  )
  const groups = listOf(document['tags']).map((tag) => {
    const name = plainText(objectOf(tag)['name'])
    const description = plainText(objectOf(tag)['description'])
    return {
      name,
      description,
      operations: operations.filter((operation) => operation.tag === name),
    }
  })
  return {
    title: plainText(info['title']),
    description: plainText(info['description']),
    groups: groups.filter((group) => group.operations.length > 0),
  }
}

function operationOf(
  document: OpenApiObject,
  method: string,
  path: string,
  operation: OpenApiObject,
): Operation {
  const parameters = listOf(operation['parameters']).map(objectOf)
  const body = jsonContent(objectOf(operation['requestBody'])['content'])
  return {
    id: plainText(operation['operationId']),
    method: method.toUpperCase(),
    path,
    summary: plainText(operation['summary']),
    description: plainText(operation['description']),
    parameters: parameters.map(parameterOf),
    body: fieldsOf(body?.['schema']),
    answers: Object.entries(objectOf(operation['responses'])).map(([status, response]) =>
      answerOf(document, status, response),
    ),
    example: exampleOf(method, path, parameters, body),
  }
}

function parameterOf(parameter: OpenApiObject): Parameter {
  return {
    name: plainText(parameter['name']),
    place: plainText(parameter['in']),
    isRequired: parameter['required'] === true,
    type: schemaWords(parameter['schema']),
    description: plainText(parameter['description']),
  }
}

function answerOf(document: OpenApiObject, status: string, response: OpenApiValue): Answer {
  const { description, headers, content } = objectOf(resolve(document, response))
  return {
    status,
    description: plainText(description),
    mediaTypes: Object.keys(objectOf(content)),
    headers: Object.entries(objectOf(headers)).map(([name, header]) => {
      return { name, description: plainText(objectOf(resolve(document, header))['description']) }
    }),
    fields: fieldsOf(jsonContent(content)?.['schema']),
  }
}

/** Undefined when a needed parameter or body has no example. */
function exampleOf(
  method: string,
  path: string,
  parameters: readonly OpenApiObject[],
  body: OpenApiObject | undefined,
): Example | undefined {
  const shown = parameters.map((parameter) => ({ ...parameter, example: parameter['example'] }))
  const isMissing = shown.some(({ example, ...rest }) => {
    return example === undefined && 'required' in rest && rest['required'] === true
  })
  if (isMissing || (method === 'post' && body?.['example'] === undefined)) return undefined
  const query = new URLSearchParams()
  let filled = path
  for (const parameter of parameters) {
    const { name, in: place, example } = parameter
    if (example === undefined) continue
    if (place === 'path') {
      filled = filled.replace(`{${plainText(name)}}`, encodeURIComponent(String(example)))
    } else if (place === 'query') query.set(plainText(name), String(example))
  }
  const asked = query.size === 0 ? '' : `?${query}`
  const sent = body?.['example'] === undefined ? undefined : JSON.stringify(body['example'])
  return { method: method.toUpperCase(), url: filled + asked, body: sent }
}

function jsonContent(content: OpenApiValue | undefined): OpenApiObject | undefined {
  const found = objectOf(content)['application/json']
  return isObject(found) ? found : undefined
}

/** Follows a `$ref` into the components. */
function resolve(document: OpenApiObject, value: OpenApiValue): OpenApiValue {
  const ref = isObject(value) ? value['$ref'] : undefined
  if (typeof ref !== 'string') return value
  const path = ref.replace('#/', '').split('/')
  return path.reduce<OpenApiValue>((at, name) => objectOf(at)[name] ?? null, document)
}

function objectOf(value: OpenApiValue | undefined): OpenApiObject {
  return isObject(value) ? value : {}
}

function listOf(value: OpenApiValue | undefined): readonly OpenApiValue[] {
  return Array.isArray(value) ? value : []
}
