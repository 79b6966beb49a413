/** Names that tell a template about the run it is in, and hold the results of its statements. */
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  isTruthy,
  makeHostObject,
  toTemplateValue,
  toText,
} from '../jinja/values.ts'
import { PythonTime, utc } from '../stdlib/python-datetime.ts'
import { pythonModules } from '../stdlib/python-modules.ts'
import { makeResult } from '../stdlib/query-table.ts'
import type { CompileInputs } from './inputs.ts'

/** The release of dbt whose language this is; packages compare it with what they need. */
const dbtVersion = '1.12.6'

type Names = (readonly [string, unknown])[]

export function runNames(inputs: CompileInputs): Names {
  const started = PythonTime.at(Date.parse(inputs.startedAt), utc)
  return [
    ['dbt_version', dbtVersion],
    ['invocation_id', inputs.invocationId],
    ['invocation_args_dict', toTemplateValue({ which: 'run', vars: inputs.vars })],
    ['dbt_metadata_envs', metadataOf(inputs.environment)],
    ['run_started_at', started],
    ['modules', pythonModules(inputs.startedAt)],
    ['thread_id', 'main'],
    ['selected_resources', []],
    ['log', new HostFunction('log', (args) => writeLog(inputs, args))],
    ['print', new HostFunction('print', (args) => writeLog(inputs, args))],
    ['debug', new HostFunction('debug', () => '')],
  ]
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

/** `log()` is for the debug log unless `info=True`; `print()` is for the reader. */
function writeLog({ log }: CompileInputs, args: Arguments): string {
  const given = bindNamed('log', ['msg', 'info'], args)
  if (given['info'] === undefined || isTruthy(given['info'])) log?.(toText(given['msg']))
  return ''
}

/** `store_result` and `load_result`, between which one node's results are kept. */
export function resultNames(): Names {
  const results = new Map<string, unknown>()
  const store = new HostFunction('store_result', (args) => {
    const given = bindNamed('store_result', ['name', 'response', 'agate_table'], args)
    const result = makeResult(given['agate_table'] ?? null, given['response'] ?? null)
    results.set(toText(given['name']), result)
    return ''
  })
  const storeRaw = new HostFunction('store_raw_result', (args) => {
    const parameters = ['name', 'message', 'code', 'rows_affected', 'agate_table']
    const given = bindNamed('store_raw_result', parameters, args)
    const { name, message = null, code = null, rows_affected = null } = given
    const response = makeHostObject({ code, rows_affected }, () => toText(message))
    results.set(toText(name), makeResult(given['agate_table'] ?? null, response))
    return ''
  })
  const load = new HostFunction('load_result', ({ positional: [name] }) => {
    return results.get(toText(name)) ?? null
  })
  return [
    ['store_result', store],
    ['store_raw_result', storeRaw],
    ['load_result', load],
  ]
}
