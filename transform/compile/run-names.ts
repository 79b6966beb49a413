/** Names that tell a template about the run it is in, and hold the results of its statements. */
import { dbtVersion } from '../../core/dbt-version.ts'
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  isTruthy,
  TemplateFault,
  toTemplateValue,
  toText,
} from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import { differenceOfDicts, tryOrRaise, validationValue } from '../stdlib/exceptions.ts'
import { PythonTime } from '../stdlib/python-datetime.ts'
import { pythonModules } from '../stdlib/python-modules.ts'
import { makeResult, makeTable, responseOf } from '../stdlib/query-table.ts'
import { utc } from '../stdlib/time-zone.ts'
import type { CompileInputs } from './inputs.ts'

type Names = (readonly [string, unknown])[]

/** @param flags every flag, with its name in capitals */
export function runNames(inputs: CompileInputs, flags: Config): Names {
  const started = PythonTime.at(Date.parse(inputs.startedAt), utc)
  const call = (name: string, run: (args: Arguments) => unknown) =>
    [name, new HostFunction(name, run)] as const
  return [
    ['dbt_version', dbtVersion],
    ['invocation_id', inputs.invocationId],
    ['invocation_args_dict', toTemplateValue(argumentsOf(inputs, flags))],
    ['dbt_metadata_envs', metadataOf(inputs.environment)],
    ['run_started_at', started],
    ['modules', pythonModules(inputs.startedAt)],
    ['thread_id', 'MainThread'],
    ['selected_resources', [...(inputs.selectedResources ?? [])]],
    ['sql_now', 'now()'],
    ['validation', validationValue],
    call('log', (args) => writeLog(inputs, args)),
    call('print', ({ positional: [text = ''] }) => {
      if (flags['PRINT'] !== false) (inputs.print ?? inputs.log)?.(toText(text))
      return ''
    }),
    call('debug', () => ''),
    call('try_or_compiler_error', tryOrRaise),
    call('diff_of_two_dicts', differenceOfDicts),
    call('otel_trace_id', () => '0'.repeat(32)),
    call('otel_span_id', () => '0'.repeat(16)),
    call('adapter_macro', ({ positional: [name] }) => {
      throw new TemplateFault(
        `adapter_macro() went with dbt 0.18: say adapter.dispatch('${toText(name)}')`,
      )
    }),
  ]
}

/** The command as it was typed. */
function argumentsOf(inputs: CompileInputs, flags: Config): Config {
  const small = Object.entries(flags).map(([key, value]) => [key.toLowerCase(), value])
  return { ...Object.fromEntries(small), vars: inputs.vars }
}

/** Variables of the environment that dbt copies into its artifacts. */
function metadataOf(environment: CompileInputs['environment']): Map<string, string> {
  const prefix = 'DBT_ENV_CUSTOM_ENV_'
  return new Map(
    Object.entries(environment).flatMap(([name, value]) =>
      name.startsWith(prefix) && value !== undefined ? [[name.slice(prefix.length), value]] : [],
    ),
  )
}

/** `log()` is for the debug log unless `info=True`. */
function writeLog({ log, debug }: CompileInputs, args: Arguments): string {
  const given = bindNamed('log', ['msg', 'info'], args)
  const write = isTruthy(given['info'] ?? false) ? log : debug
  write?.(toText(given['msg']))
  return ''
}

/** `store_result` and `load_result`, between which one node's results are kept; each but `main` is loaded once. */
export function resultNames(): Names {
  const results = new Map<string, unknown>()
  const keep = (name: unknown, response: unknown, table: unknown) => {
    results.set(toText(name), makeResult(table ?? makeTable({ columns: [], rows: [] }), response))
    return ''
  }
  const store = new HostFunction('store_result', (args) => {
    const given = bindNamed('store_result', ['name', 'response', 'agate_table'], args)
    return keep(given['name'], given['response'] ?? null, given['agate_table'])
  })
  const storeRaw = new HostFunction('store_raw_result', (args) => {
    const parameters = ['name', 'message', 'code', 'rows_affected', 'agate_table']
    const given = bindNamed('store_raw_result', parameters, args)
    const { name, message = null, code = null, rows_affected: rows = null } = given
    return keep(name, responseOf(message, code, rows), given['agate_table'])
  })
  const load = new HostFunction('load_result', ({ positional: [name] }) => {
    const key = toText(name)
    const result = results.get(key)
    if (result === null) {
      throw new TemplateFault(`the result ${key} has been loaded, and a result is loaded once`)
    }
    if (result !== undefined && key !== 'main') results.set(key, null)
    return result ?? null
  })
  return [
    ['store_result', store],
    ['store_raw_result', storeRaw],
    ['load_result', load],
  ]
}
