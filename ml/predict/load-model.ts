/** The model of an endpoint in this process, from the archive that the endpoint was made of. */
import { problem } from '../../core/problems.ts'
import { readArchive, textOf } from '../model/read-archive.ts'
import { type Model, readModel } from '../model/read-model.ts'
import type { Champion } from './champion.ts'

/** Reads `s3://…`; undefined when there is no such object. */
export type FetchObject = (uri: string) => Promise<Uint8Array | undefined>

export type LoadedModel = {
  readonly champion: Champion
  readonly model: Model
  /** As the archive has it, for what is not needed to predict. */
  readonly servingJson: string
  /** Undefined when the archive has no metrics.json. */
  readonly metricsJson: string | undefined
}

/**
 * Fetches and checks the archive of a deployed model.
 * @throws `ml/artifact-missing`, `ml/model-damaged` and what `readModel` throws; what fetching throws
 */
export async function loadModel(champion: Champion, fetch: FetchObject): Promise<LoadedModel> {
  const { artifactUri: uri, modelVersion: expected } = champion
  const archive = await fetch(uri)
  if (archive === undefined) throw problem('ml/artifact-missing', { uri })
  const files = await readArchive(archive)
  const servingJson = textOf(files, 'serving.json')
  const model = readModel(textOf(files, 'model.json'), servingJson)
  if (expected !== undefined && expected !== model.version) {
    const reason = `it is of version ${model.version}, and the registry says ${expected}`
    throw problem('ml/model-damaged', { file: 'serving.json', reason })
  }
  const metricsJson = files.get('metrics.json')?.toString('utf8')
  return { champion, model, servingJson, metricsJson }
}
