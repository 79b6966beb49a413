/** Kafka's jars, by Maven. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { shippedFile } from '../../core/shipped-file.ts'
import { moveIntoPlace, temporaryBeside } from '../place.ts'
import { cachePaths, kafkaVersion } from '../versions.ts'
import { runTool } from './run-tool.ts'
import type { SetupStep } from './step.ts'

const pom = shippedFile('local/kafka/pom.xml')

export const kafkaJars: SetupStep = {
  name: 'kafka',
  title: `Kafka ${kafkaVersion}`,
  after: [],
  weight: 'required',
  isPresent: async ({ cacheDir }) =>
    existsSync(join(cachePaths.kafkaJars(cacheDir), `kafka_2.13-${kafkaVersion}.jar`)),
  bring: async ({ cacheDir, signal, say }) => {
    const target = cachePaths.kafkaJars(cacheDir)
    const temporary = temporaryBeside(target)
    mkdirSync(dirname(temporary), { recursive: true })
    say('fetching 46 jars (44 MB) with Maven')
    try {
      await runTool(
        kafkaJars.title,
        'mvn',
        [
          '--quiet',
          '--batch-mode',
          `--file=${pom}`,
          'dependency:copy-dependencies',
          `-Dkafka.version=${kafkaVersion}`,
          `-DoutputDirectory=${temporary}`,
          '-DincludeScope=runtime',
        ],
        { signal },
      )
      moveIntoPlace(temporary, target)
    } finally {
      rmSync(temporary, { recursive: true, force: true })
    }
  },
}
