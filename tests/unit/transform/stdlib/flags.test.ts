import { expect, it } from 'vitest'
import { flagsOf, withProjectFlags } from '../../../../transform/stdlib/flags.ts'

it('takes flags from dbt_project.yml where the command line is as by default', () => {
  const project = { 'printer-width': 120, fail_fast: true, use_colors: false, my_flag: 1 }
  const given = { fail_fast: false, use_colors: false, quiet: true }
  expect(flagsOf(withProjectFlags(project, given))).toMatchObject({
    PRINTER_WIDTH: 120,
    FAIL_FAST: true,
    USE_COLORS: false,
    QUIET: true,
    MY_FLAG: 1,
    DEBUG: false,
  })
})

it('takes from one place only what becomes of warnings', () => {
  const error = (names: unknown) => ({ error: names, warn: [], silence: [] })
  const none = error([])
  const inProject = { warn_error_options: { error: 'all' } }
  const of = (project: object, given: object) => {
    const { WARN_ERROR, WARN_ERROR_OPTIONS } = flagsOf(
      withProjectFlags({ ...project }, { ...given }),
    )
    return [WARN_ERROR, WARN_ERROR_OPTIONS]
  }
  expect(of(inProject, { warn_error: null })).toEqual([null, { error: 'all' }])
  expect(of(inProject, { warn_error_options: none })).toEqual([null, none])
  expect(of(inProject, { warn_error: true })).toEqual([true, none])
  expect(of({ warn_error: true }, { warn_error_options: error(['A']) })).toEqual([
    null,
    error(['A']),
  ])
})

it('takes them from the command line where that says something else', () => {
  const flags = withProjectFlags({ target_path: 'a' }, { target_path: 'b' })
  expect(flagsOf(flags)['TARGET_PATH']).toBe('b')
})

it('takes what a command line only has when somebody says it, also where that is as usual', () => {
  const flags = withProjectFlags(
    { printer_width: 120, version_check: false, print: false },
    { printer_width: 80, version_check: true, print: true },
  )
  expect(flags).toEqual({ PRINTER_WIDTH: 80, VERSION_CHECK: true, PRINT: true })
})
