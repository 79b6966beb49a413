/** model.tar.gz: the files of a trained model, kept in memory. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { readTar, TarFault } from '../../core/read-tar.ts'

/** A model of 2,000 deep trees has 100 MB; what is larger is no model, or meant to fill the memory. */
const maxBytes = 512 * 1024 ** 2
const maxFiles = 1000

/** The files of an archive, by path → content. @throws `ml/model-damaged` */
export async function readArchive(archive: Uint8Array): Promise<ReadonlyMap<string, Buffer>> {
  try {
    const unpacked = await promisify(gunzip)(archive, { maxOutputLength: maxBytes })
    const files = readTar(unpacked, maxFiles).filter(({ kind }) => kind === 'file')
    return new Map(files.map(({ path, content }) => [path.join('/'), content]))
  } catch (cause) {
    if (!(cause instanceof TarFault) && !isZlibError(cause)) throw cause
    const parameters = { file: 'model.tar.gz', reason: messageOf(cause) }
    throw problem('ml/model-damaged', parameters, { cause })
  }
}

/** The text of a file that every model has. @throws `ml/model-damaged` */
export function textOf(files: ReadonlyMap<string, Buffer>, name: string): string {
  const content = files.get(name)
  if (content !== undefined) return content.toString('utf8')
  throw problem('ml/model-damaged', { file: 'model.tar.gz', reason: `it holds no ${name}` })
}

function isZlibError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return /^(Z_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code))
}
