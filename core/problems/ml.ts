/** Problems of trained models: reading one, and asking it. */
import { defineProblem } from './define.ts'

export const mlProblems = {
  'ml/model-damaged': defineProblem<{ file: string; reason: string }>({
    actor: 'user',
    message: ({ file, reason }) => `${file} of the model is damaged: ${reason}.`,
    hint: () => 'fetch the archive again; if it stays so, train the model again or deploy another.',
  }),
  'ml/model-version-unsupported': defineProblem<{
    file: string
    version: string
    supported: string
  }>({
    actor: 'user',
    message: ({ file, version, supported }) =>
      `${file} of the model has version ${version}; what can be read here is ${supported}.`,
    hint: () => 'train it with a version that can be read, or ask its endpoint instead.',
  }),
  'ml/model-unsupported': defineProblem<{ what: string; found: string; supported: string }>({
    actor: 'user',
    message: ({ what, found, supported }) =>
      `The model has ${what} ${found}; what can be evaluated here is ${supported}.`,
    hint: () => 'ask its endpoint instead, or train it as ml/image does.',
  }),
  'ml/model-feature-count': defineProblem<{ trained: number; named: number }>({
    actor: 'user',
    message: ({ trained, named }) =>
      `model.json takes ${trained} features and serving.json names ${named}: they are not of one model.`,
    hint: () => 'take both from the same archive.',
  }),
  'ml/unknown-feature': defineProblem<{ feature: string; nearest?: string | undefined }>({
    actor: 'user',
    message: ({ feature }) => `${feature} is not a feature of this model.`,
    hint: ({ nearest }) => (nearest === undefined ? 'leave it out.' : `did you mean ${nearest}?`),
    httpStatus: 400,
  }),
  'ml/not-a-feature-value': defineProblem<{ feature: string; value: number }>({
    actor: 'user',
    message: ({ feature, value }) => `${feature} is ${value}; it must be a number of 32 bits.`,
    hint: () => 'send null for what is not known.',
    httpStatus: 400,
  }),
  'ml/row-width': defineProblem<{ values: number; features: number }>({
    actor: 'us',
    message: ({ values, features }) =>
      `${values} values are no whole number of rows of ${features} features.`,
  }),
}
