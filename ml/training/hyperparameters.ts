/** Hyperparameters as a command line or a setting gives them. */
import { problem } from '../../core/problems.ts'

/** `name=value` texts by their name, a later one winning. @throws `ml/not-a-hyperparameter` */
export function parseHyperparameters(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(text) ?? []
      if (name === undefined || value === undefined) {
        throw problem('ml/not-a-hyperparameter', { text })
      }
      return [name, value.trim()]
    }),
  )
}
