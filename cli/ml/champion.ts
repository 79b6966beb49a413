/** The model that is deployed, fetched for the commands that evaluate it. */
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import type { LoadedModel } from '../../ml/predict/load-model.ts'
import { withSageMaker } from './clients.ts'
import { withObjects } from './objects.ts'
import { placesOf } from './options.ts'

/** @throws `ml/nothing-deployed`, `ml/artifact-missing`, `ml/model-damaged`, `config/missing-value`, and as `asked` */
export async function loadDeployed(config: Config): Promise<LoadedModel> {
  const { endpoint } = placesOf(config)
  const { findChampion } = await import('../../ml/predict/champion.ts')
  const { loadModel } = await import('../../ml/predict/load-model.ts')
  const { asked } = await import('../../ml/sagemaker/asked.ts')
  return await withObjects(config, (objects) =>
    withSageMaker(config, async (clients) => {
      const champion = await asked(`describe endpoint ${endpoint}`, findChampion(clients, endpoint))
      if (champion === undefined) throw problem('ml/nothing-deployed', { endpoint })
      return await loadModel(champion, objects.fetch)
    }),
  )
}
