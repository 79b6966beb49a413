/** The lines that a container prints. */
import { StringDecoder } from 'node:string_decoder'

/** Longer ones are cut into pieces of this many characters: nobody may make us remember what never ends. */
const maxLine = 64 * 1024

/** Lines of UTF-8, without their ends (a progress bar ends each with a carriage return); as fast as they are taken. */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk)).split(/\r\n|\n|\r/)
    rest = lines.pop() ?? ''
    yield* lines
    while (rest.length > maxLine) {
      yield rest.slice(0, maxLine)
      rest = rest.slice(maxLine)
    }
  }
  rest += decoder.end()
  if (rest !== '') yield rest
}
