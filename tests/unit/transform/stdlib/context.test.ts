import { describe, expect, it } from 'vitest'
import type { MillraceError } from '../../../../core/errors.ts'
import { renderTemplate } from '../../../support/render-template.ts'

const render = renderTemplate

describe('the context of a node', () => {
  it.each([
    ["{{ render('{{ 1 + 1 }} {{ this.name }}') }}", '2 m'],
    ["{{ function('f') }} {{ metric('p', 'm') }}", 'f m'],
    ['{{ pre_hooks }}|{{ post_hooks | list }}', '[…]|[]'],
    ["{{ context['config'] is defined }} {{ builtins.ref('x') }}", 'True "lake"."main"."x"'],
    ["{{ builtins['source']('a', 'b').identifier }} {{ context.get('nope') }}", 'b None'],
    [
      '{{ model.name }} {{ model.get("resource_type") }} {{ model["unique_id"] }}',
      'm model model.shop.m',
    ],
    ['{{ sql }}|{{ compiled_code }}|{{ selected_resources }}', '||[]'],
    ["{{ var('x', 3) }} {{ var.has_var('x') }} {{ env_var('NOPE', 'd') }}", '3 False d'],
    ['{{ adapter.nope is defined }} {{ adapter.behavior.x.no_warn }}', 'False '],
    ["{{ adapter.get_relation('a', 'b', 'c') is defined }}", 'True', false],
    ["{{ adapter.get_columns_in_relation(this) }}{{ run_query('select 1') }}", '[]', false],
  ])('answers %s', async (template, text, execute = true) => {
    expect(await render(template, { host: { execute } })).toBe(text)
  })

  it.each([
    ['{{ env_var("DBT_ENV_SECRET_X") }}', 'Secret env vars are allowed only in profiles.yml'],
    ['{{ submit_python_job(model, "x") }}', 'submit_python_job() runs Python'],
    ['{{ load_agate_table() }}', 'load_agate_table() gives the rows of a seed'],
    ["{{ adapter_macro('x') }}", "adapter.dispatch('x')"],
    ["{{ config.require('nope') }}", 'the config nope is required and not set'],
    [
      "{{ store_result('x', 'OK') }}{% set a = load_result('x') %}{{ load_result('x') }}",
      'a result is loaded once',
    ],
    ["{{ try_or_compiler_error('went wrong', fromjson, 'nope') }}", 'went wrong'],
    ["{{ validation.any('a', 'b')('c') }}", 'Expected value "c" to be one of a,b'],
    [
      "{{ config(x='c') }}{{ config.get('x', 'a', validator=validation.any('a')) }}",
      'to be one of a',
    ],
    [
      "{{ adapter.store_relation('glue', this, [], 'x', 'csv', config) }}",
      'plugins are not run here',
    ],
    ['{{ adapter.drop_relation(this) }}', 'whether "lake"."main"."m" is a table or a view'],
    [
      "{{ adapter.get_incremental_strategy_macro(context, 'insert_overwrite') }}",
      'is not valid for this adapter',
    ],
    [
      "{{ adapter.get_incremental_strategy_macro(context, 'mine') }}",
      'there is no macro get_incremental_mine_sql',
    ],
    ["{{ adapter.quote_seed_column('a', 'yes') }}", 'quote_columns is true or false'],
    [
      "{{ adapter.parse_index({'column': 'a'}) }}",
      'Could not parse index config: unknown key column',
    ],
    ["{{ adapter.render_raw_model_constraints([{'type': 'odd'}]) }}", 'Could not parse constraint'],
    ["{{ adapter.get_hard_deletes_behavior({'hard_deletes': 'x'}) }}", 'hard_deletes is ignore'],
    ["{{ run_query('select 1') }}", 'A template asks the database while no database is open'],
    [
      "{{ get_merge_sql(this, this, 'id', []) if config(merge_update_condition=[1]) == '' }}",
      'merge_update_condition must be a string',
    ],
  ])('refuses %s with a reason', async (template, reason) => {
    await expect(render(template)).rejects.toThrow(reason)
  })

  it.each([
    ["raise_compiler_error('x')", 'x'],
    ["raise_not_implemented('x')", 'x'],
    ["raise_database_error('x')", 'Database Error: x'],
    ["missing_relation('x')", 'Relation x not found!'],
    [
      "relation_wrong_type(api.Relation.create(identifier='a', type='view'), 'table')",
      'Trying to create table "a", but it currently exists as a view',
    ],
    ["column_type_missing(column_names=['a'])", "for the ['a'] column(s)"],
    [
      "missing_materialization({'config': {'materialized': 'x'}}, 'duckdb')",
      "No materialization 'x' was found for adapter duckdb!",
    ],
    ['raise_contract_error([], [])', 'its schema file names no columns'],
    [
      "raise_contract_error([{'name': 'a', 'data_type': 'INT'}, {'name': 'b', 'data_type': 'INT'}], [{'name': 'a', 'data_type': 'TEXT'}, {'name': 'c', 'data_type': 'INT'}])",
      'a: definition TEXT, contract INT: data type mismatch\n  b: definition –, contract INT: missing in definition\n  c: definition INT, contract –: missing in contract',
    ],
  ])('stops with exceptions.%s', async (call, reason) => {
    await expect(render(`{{ exceptions.${call} }}`)).rejects.toThrow(reason)
  })

  it('warns without stopping, and of one thing once', async () => {
    const warnings: MillraceError[] = []
    const template = `{{ exceptions.warn('careful') }}{% do adapter.warn_once('a') %}{% do adapter.warn_once('a') %}{% do apply_grants(this, {'select': ['me']}, true) %}ok`
    expect((await render(template, { warnings })).trim()).toBe('ok')
    expect(warnings.map(({ message }) => message)).toEqual([
      'm warns: careful',
      'm warns: a',
      'm warns: Grants for relations are not supported by DuckDB',
    ])
  })

  it('prints for the reader, and logs for the debug log unless it is information', async () => {
    const lines: string[] = []
    const log = (line: string) => lines.push(line)
    await render("{{ print('a') }}{{ log('b') }}{{ log('c', info=True) }}", { log })
    expect(lines).toEqual(['a', 'c'])
  })

  it('knows the flags of the command, in capitals, and the behaviour flags of the project', async () => {
    const flags = { 'full-refresh': true, which: 'build', enable_truthy_nulls_equals_macro: true }
    const template =
      '{{ flags.FULL_REFRESH }} {{ flags.WHICH }} {{ flags.EMPTY }} {{ invocation_args_dict.which }} {{ should_full_refresh() }} {{ equals("a", "b") | trim }}'
    const text = await render(template, { flags })
    expect(text.replaceAll(/\s+/g, ' ')).toBe(
      'True build False build True case when ((a = b) or (a is null and b is null)) then 0 else 1 end = 0',
    )
  })

  it('gives hooks with the side of the transaction they run on', async () => {
    const config = `{{ config(pre_hook=['a', {'sql': 'b', 'transaction': false}], post_hook=before_begin('c')) }}`
    const list = `{% for hook in pre_hooks %}{{ hook.sql }}{{ hook.transaction }} {% endfor %}{% for hook in post_hooks %}{{ hook['sql'] }}{{ hook.transaction }}{% endfor %}`
    expect((await render(config + list)).trim()).toBe('aTrue bFalse cFalse')
  })

  it('lets a project replace a macro that a standard macro calls', async () => {
    const macros = { 'macros/now.sql': '{% macro current_timestamp() %}my_now(){% endmacro %}' }
    expect((await render('{{ snapshot_get_time() }}', { macros })).trim()).toBe(
      'my_now()::timestamp',
    )
  })

  it('prints a relation with the rows that --empty and --sample leave', async () => {
    const template = '{% set r = this.incorporate(limit=0) %}{{ r }} {{ r.render() }}'
    expect(await render(template)).toBe(
      '(select * from "lake"."main"."m" where false limit 0) "lake"."main"."m"',
    )
  })

  it('stops a regular expression that backtracks without end', async () => {
    await expect(render("{{ modules.re.match('(a+)+b', 'a' * 50) }}")).rejects.toThrow(
      'this regular expression takes too long on this text',
    )
    expect(await render("{{ modules.re.match('(a+)+b', 'aab').group() }}")).toBe('aab')
  })
})
