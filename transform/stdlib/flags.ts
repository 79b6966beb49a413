/** `flags`: how a command was called, under dbt's names in capitals. */
import { type HostObject, hostObject, toTemplateValue, Undefined } from '../jinja/values.ts'
import type { Config } from '../project/project.ts'

/** What holds where nobody says otherwise. */
const defaults: Config = {
  CACHE_SELECTED_ONLY: false,
  DEBUG: false,
  DEFER: false,
  DEFER_STATE: null,
  EMPTY: false,
  EXCLUDE: [],
  FAIL_FAST: false,
  FAVOR_STATE: false,
  FULL_REFRESH: false,
  INDIRECT_SELECTION: 'eager',
  INTROSPECT: true,
  LOG_CACHE_EVENTS: false,
  LOG_FORMAT: 'default',
  LOG_FORMAT_FILE: 'debug',
  LOG_LEVEL: 'info',
  LOG_LEVEL_FILE: 'debug',
  LOG_PATH: null,
  MACRO_DEBUGGING: false,
  PARTIAL_PARSE: true,
  POPULATE_CACHE: true,
  PRINT: true,
  PRINTER_WIDTH: 80,
  PROFILE: null,
  PROFILES_DIR: null,
  PROJECT_DIR: null,
  QUIET: false,
  RESOURCE_TYPES: [],
  SAMPLE: null,
  SELECT: [],
  SELECTOR: null,
  SEND_ANONYMOUS_USAGE_STATS: false,
  SHOW_RESOURCE_REPORT: false,
  SINGLE_THREADED: false,
  STATE: null,
  STATE_MODIFIED_COMPARE_VARS: false,
  STATIC_PARSER: true,
  STORE_FAILURES: false,
  STRICT_MODE: false,
  TARGET: null,
  TARGET_PATH: null,
  THREADS: null,
  USE_COLORS: true,
  USE_COLORS_FILE: true,
  USE_EXPERIMENTAL_PARSER: false,
  VARS: {},
  VERSION_CHECK: true,
  WARN_ERROR: null,
  WARN_ERROR_OPTIONS: { error: [], warn: [], silence: [] },
  WHICH: 'run',
  WRITE_JSON: true,
}

/** Every flag with its value. @param given in any case, with - or _; they win over the defaults */
export function flagsOf(given: Config): Config {
  return { ...defaults, ...inCapitals(given) }
}

/** What becomes of warnings is said by one of them, and only when somebody says it. */
const ofWarnings = ['WARN_ERROR', 'WARN_ERROR_OPTIONS']

/** These a command line has only when somebody says them, too. */
const saidOnly = ['PRINT', 'PRINTER_WIDTH', 'VERSION_CHECK']

/**
 * Flags of dbt_project.yml with those of the command line, which win. A command line always has all of its other flags:
 * one that is as it is by default was not said.
 */
export function withProjectFlags(project: Config, given: Config): Config {
  const asked = inCapitals(given)
  const saysWarnings = ofWarnings.some((name) => asked[name] !== undefined && asked[name] !== null)
  const own = Object.fromEntries(
    Object.entries(inCapitals(project)).filter(
      ([name]) => !(saysWarnings && ofWarnings.includes(name)),
    ),
  )
  const said = Object.entries(asked).filter(([name, value]) => {
    if (saidOnly.includes(name)) return value !== undefined
    return !Object.hasOwn(own, name) || JSON.stringify(value) !== JSON.stringify(defaults[name])
  })
  return { ...own, ...Object.fromEntries(said) }
}

function inCapitals(flags: Config): Config {
  const entries = Object.entries(flags)
  return Object.fromEntries(
    entries.map(([key, value]) => [key.toUpperCase().replaceAll('-', '_'), value]),
  )
}

/** @param flags as `flagsOf` gives them */
export function flagsValue(flags: Config): HostObject {
  const attribute = (name: string): unknown =>
    Object.hasOwn(flags, name) ? toTemplateValue(flags[name]) : new Undefined(`flags.${name}`)
  return { [hostObject]: true, attribute, text: () => '<flags>' }
}
