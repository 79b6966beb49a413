/** Compression codecs that kafkajs lacks. zstd comes with Node; Snappy and LZ4 have none that installs everywhere. */
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import kafkajs from 'kafkajs'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Registers zstd with kafkajs; safe to call twice. */
export function registerCodecs(): void {
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
    // kafkajs hands over its encoder, whose bytes are in `buffer`.
    compress: async (encoder: { readonly buffer: Buffer }) => await compress(encoder.buffer),
    decompress: async (buffer: Buffer) => await decompress(buffer),
  })
}

/** The codec that kafkajs says it does not have, or undefined when the error says something else. */
export function missingCodec(message: string): string | undefined {
  return /(\w+) compression not implemented/i.exec(message)?.[1]
}
