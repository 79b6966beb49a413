/** The versions of everything npm does not bring; each is a folder name in the cache. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

export const kafkaVersion = '4.3.1'
export const versitygwVersion = '1.8.0'
/** Compiles versitygw where no Go is installed. */
export const goVersion = '1.26.6'
/** The release in SageMaker's own image; ml/image/requirements.txt has it too. */
export const xgboostVersion = '3.0.5'

/** Where each thing is kept in the cache directory. */
export const cachePaths = {
  kafka: (cacheDir: string) => join(cacheDir, `kafka-${kafkaVersion}`),
  kafkaJars: (cacheDir: string) => join(cacheDir, `kafka-${kafkaVersion}`, 'lib'),
  versitygw: (cacheDir: string) => join(cacheDir, `versitygw-${versitygwVersion}`, 'versitygw'),
  /** The directory DuckDB is told of. */
  duckdbExtensions: (cacheDir: string) => join(cacheDir, 'duckdb-extensions'),
  /** As ml/image/install.sh names it. */
  mlImage: (cacheDir: string) => join(cacheDir, `ml-image-xgboost-${xgboostVersion}`),
  postgres: (cacheDir: string, version: string) => join(cacheDir, `postgres-${version}`),
}

/** The jars of the broker in a fixed order, as a class path; undefined when set-up has not run. */
export function kafkaClassPath(cacheDir: string): string | undefined {
  const directory = cachePaths.kafkaJars(cacheDir)
  try {
    const jars = readdirSync(directory).filter((name) => name.endsWith('.jar'))
    // The archive of classes (AppCDS) is valid for one order of the class path only.
    return jars.length === 0
      ? undefined
      : jars
          .sort()
          .map((jar) => join(directory, jar))
          .join(':')
  } catch {
    return undefined
  }
}
