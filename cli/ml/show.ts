/** `millrace ml show`: what serves, or everything about one version. */
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { withSageMaker } from './clients.ts'
import { placesOf } from './options.ts'

export const mlShowCommand = defineCommand({
  command: 'show [model-version]',
  describe: 'What the endpoint serves and how it is, or everything about one version',
  builder: (yargs) =>
    yargs
      .positional('model-version', {
        type: 'string',
        describe: 'Version of the model (default: the one that serves)',
      })
      .option('format', formatOption)
      .example('$0 ml show', 'the champion, its origin, and the state of its endpoint'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { endpoint: name, model } = placesOf(config)
    const { findEndpoint } = await import('../../ml/endpoint/endpoint.ts')
    const { findVersion } = await import('../../ml/registry/versions.ts')
    const { servedVersion } = await import('./deployments.ts')
    return await withSageMaker(config, async (clients) => {
      const endpoint = await findEndpoint(clients.control, name)
      const served = await servedVersion(clients, name, model)
      const wanted = args.modelVersion ?? served?.toString()
      if (wanted === undefined) throw problem('ml/nothing-deployed', { endpoint: name })
      const version = await findVersion(clients.control, model, wanted)
      const facts = {
        model,
        version: version.version,
        approval: version.approval,
        reason: version.reason,
        serves: served === version.version,
        endpoint: name,
        endpoint_status: endpoint?.EndpointStatus ?? 'none',
        endpoint_failure: endpoint?.FailureReason,
        registered_at: version.createdAt.toISOString(),
        image_uri: version.imageUri,
        artifact_uri: version.artifactUri,
        ...version.metadata,
      }
      const rows = Object.entries(facts).map(([property, value]) => ({ property, value }))
      printRows(rows, args.format)
      return 0
    })
  },
})
