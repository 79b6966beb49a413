/** What computes the API's predictions: the endpoint that the configuration names, and its model in this process. */
import type { OpenPredictors } from '../../api/serve/options.ts'
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import type { Log } from '../../core/log.ts'
import { s3OptionsOf } from '../context.ts'
import { sageMakerOptionsOf } from '../ml/clients.ts'
import { openObjects } from '../ml/objects.ts'
import { placesOf } from '../ml/options.ts'

/**
 * Undefined where nothing says that there is an endpoint: neither an address of SageMaker, nor a role in it, nor the
 * endpoint's name.
 * @throws `config/missing-value`
 */
export async function predictorsOf(config: Config, log: Log): Promise<OpenPredictors | undefined> {
  const { sagemaker, ml, api } = config.settings
  const named = [sagemaker.endpoint, sagemaker.role_arn, ml.endpoint_name]
  if (named.every((value) => value === undefined)) return undefined
  const { createSageMakerClients } = await import('../../ml/sagemaker/clients.ts')
  const { openPredictors } = await import('../../ml/predict/open-predictors.ts')
  const sageMaker = await sageMakerOptionsOf(config)
  const { objects, close: closeObjects } = await openObjects(await s3OptionsOf(config))
  return (source) => {
    // The API tries again by itself, within its own limit of time.
    const invokeTimeoutMs = api.predictions.timeout_ms
    const clients = createSageMakerClients({ ...sageMaker, maxAttempts: 1, invokeTimeoutMs })
    const opened = openPredictors({
      clients,
      endpointName: placesOf(config).endpoint,
      fetch: objects.fetch,
      source,
      featuresMs: invokeTimeoutMs / 2,
      log,
      clock: systemClock,
    })
    return {
      predictors: opened.predictors,
      close: () => {
        opened.close()
        clients.control.destroy()
        clients.runtime.destroy()
        closeObjects()
      },
    }
  }
}
