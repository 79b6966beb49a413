/** Texts as SageMaker takes them: what it would refuse is replaced. */

/** Of a tag, or of the metadata of a version: at most 256 letters, digits, spaces and `_.:/=+-@`. */
export function asValue(text: string): string {
  return text.slice(0, 256).replaceAll(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_')
}

/** Of a description: one line of at most 1024 characters, none of them invisible. */
export function asDescription(text: string): string {
  return text.slice(0, 1024).replaceAll(/\p{C}+/gu, ' ')
}
