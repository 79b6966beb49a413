/** `fromjson`, `tojson`, `fromyaml`, `toyaml`, `local_md5`. */
import { parse, stringify } from 'yaml'
import { bindNamed } from '../jinja/call-arguments.ts'
import { toJson } from '../jinja/to-json.ts'
import {
  HostFunction,
  isTruthy,
  TemplateFault,
  toPlainValue,
  toTemplateValue,
  toText,
} from '../jinja/values.ts'

/** @param md5 hex digest */
export function textFunctions(md5: (text: string) => string): (readonly [string, HostFunction])[] {
  return [
    reader('fromjson', (text) => JSON.parse(text)),
    reader('fromyaml', (text) => parse(text)),
    writer('tojson', toJson),
    writer('toyaml', (value) => {
      return stringify(toPlainValue(value), { lineWidth: 0, indentSeq: false })
    }),
    ['local_md5', new HostFunction('local_md5', ({ positional }) => md5(toText(positional[0])))],
  ]
}

/** Text → value; the default when the text cannot be read. */
function reader(name: string, read: (text: string) => unknown) {
  const call = new HostFunction(name, (args) => {
    const given = bindNamed(name, ['string', 'default'], args)
    try {
      return toTemplateValue(read(toText(given['string'])))
    } catch (cause) {
      if (given['default'] !== undefined) return given['default']
      throw new TemplateFault(`${name}() got text that it cannot read`, { cause })
    }
  })
  return [name, call] as const
}

function writer(name: string, write: (value: unknown, sortKeys: boolean) => string) {
  const call = new HostFunction(name, (args) => {
    const given = bindNamed(name, ['value', 'default', 'sort_keys'], args)
    try {
      return write(given['value'], isTruthy(given['sort_keys'] ?? false))
    } catch (error) {
      if (!(error instanceof TemplateFault) || given['default'] === undefined) throw error
      return given['default']
    }
  })
  return [name, call] as const
}
