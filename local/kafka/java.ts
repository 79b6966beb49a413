/** How the broker's Java is started. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { problem } from '../../core/problems.ts'
import { cachePaths, kafkaClassPath } from '../versions.ts'

/** The Java on PATH; set-up has checked its version. */
export const java = 'java'

export type KafkaMain = 'kafka.Kafka' | 'kafka.tools.StorageTool'

const heap = [
  '-Xmx512m',
  // One broker on a laptop: the serial collector starts faster and needs less memory than G1.
  '-XX:+UseSerialGC',
  // The quick compiler only. Measured over 3M records of 150 B, produced and read back: the broker used
  // 3.8 s of CPU instead of 5.1 s, and 2.9 s instead of 4.3 s to start; throughput was the same.
  '-XX:TieredStopAtLevel=1',
]

const logging = [
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
  // The configuration classes print 350 lines at every start; the server's own lines are what helps.
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.BrokerServer=info',
  '-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=error',
]

/** The archive of loaded classes (AppCDS) that set-up makes. */
export function classArchive(cacheDir: string): string {
  return join(cachePaths.kafka(cacheDir), 'broker.jsa')
}

/**
 * The arguments of `java` for one of Kafka's programs.
 * @throws `services/not-set-up` when the jars are not in the cache
 */
export function javaArguments(
  cacheDir: string,
  main: KafkaMain,
  args: readonly string[],
  extra: readonly string[] = archiveFlags(cacheDir),
): readonly string[] {
  const classPath = kafkaClassPath(cacheDir)
  if (classPath === undefined) {
    throw problem('services/not-set-up', { what: 'Kafka', path: cachePaths.kafkaJars(cacheDir) })
  }
  return [...heap, ...logging, ...extra, '-cp', classPath, main, ...args]
}

function archiveFlags(cacheDir: string): readonly string[] {
  const archive = classArchive(cacheDir)
  if (!existsSync(archive)) return []
  // An archive that another Java wrote is ignored; with these flags silently.
  return [
    `-XX:SharedArchiveFile=${archive}`,
    '-Xshare:auto',
    '-Xlog:cds=off',
    '-Xlog:cds+dynamic=off',
  ]
}
