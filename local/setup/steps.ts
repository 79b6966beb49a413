/** Everything that npm does not bring. */
import { duckdbExtensionFiles } from './duckdb-extensions.ts'
import { kafkaArchive } from './kafka-archive.ts'
import { kafkaJars } from './kafka-jars.ts'
import { mlImage } from './ml-image.ts'
import { postgres } from './postgres.ts'
import type { SetupStep } from './step.ts'
import { versitygw } from './versitygw.ts'

export const setupSteps: readonly SetupStep[] = [
  versitygw,
  kafkaJars,
  kafkaArchive,
  duckdbExtensionFiles,
  postgres,
  mlImage,
]
