/** User-defined functions, Python models, materialized views. */
import { dispatching, macrosOf } from './standard-macro.ts'

const functions = `
${dispatching(
  'function_execute_build_sql(build_sql, existing_relation, target_relation)',
  'scalar_function_sql(target_relation)',
  'scalar_function_create_replace_signature_sql(target_relation)',
  'scalar_function_body_sql()',
  'scalar_function_volatility_sql()',
  'scalar_function_volatility_javascript()',
  'formatted_scalar_function_args_sql()',
  'formatted_scalar_function_args_javascript()',
  'unsupported_volatility_warning(volatility)',
  'get_aggregate_function_create_replace_signature(target_relation)',
  'get_formatted_aggregate_function_args()',
  'get_function_language_specifier()',
  'get_aggregate_function_volatility_specifier()',
  'get_function_python_options()',
)}
{% macro default__function_execute_build_sql(build_sql, existing_relation, target_relation) %}
  {% call statement(name='main') %} {{ build_sql }} {% endcall %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) %}
  {% do persist_docs(target_relation, model) %}
  {{ adapter.commit() }}
{% endmacro %}
{% macro default__scalar_function_sql(target_relation) %}
  {{ scalar_function_create_replace_signature_sql(target_relation) }}
  {{ scalar_function_body_sql() }};
{% endmacro %}
{% macro default__scalar_function_create_replace_signature_sql(target_relation) %}
  CREATE OR REPLACE FUNCTION {{ target_relation.render() }} ({{ formatted_scalar_function_args_sql() }})
  RETURNS {{ model.returns.data_type }}
  {{ scalar_function_volatility_sql() }}
  AS
{% endmacro %}
{% macro default__formatted_scalar_function_args_sql() %}
  {% set args = [] %}
  {% for arg in model.arguments %}{% do args.append(arg.name ~ ' ' ~ arg.data_type) %}{% endfor %}
  {{ args | join(', ') }}
{% endmacro %}
{% macro default__formatted_scalar_function_args_javascript() %}
  {% do exceptions.raise_compiler_error('formatted_scalar_function_args_javascript not implemented for adapter ' ~ adapter.type()) %}
{% endmacro %}
{% macro default__scalar_function_body_sql() %} $$ {{ model.compiled_code }} $$ LANGUAGE SQL {% endmacro %}
{% macro default__scalar_function_volatility_sql() %}
  {% set asked = model.config.get('volatility') %}
  {% set words = {'deterministic': 'IMMUTABLE', 'stable': 'STABLE', 'non-deterministic': 'VOLATILE'} %}
  {% if asked in words %} {{ words[asked] }} {% elif asked %}{% do unsupported_volatility_warning(asked) %}{% endif %}
{% endmacro %}
{% macro default__scalar_function_volatility_javascript() %}
  {% if model.config.get('volatility') %}
    {% do exceptions.warn('Volatility is not supported by ' ~ adapter.type() ~ ' in javascript UDF and will be ignored') %}
  {% endif %}
{% endmacro %}
{% macro default__unsupported_volatility_warning(volatility) %}
  {% do exceptions.warn('Found \`' ~ volatility ~ '\` volatility specified on function \`' ~ model.name ~ '\`. This volatility is not supported by ' ~ adapter.type() ~ ', and will be ignored') %}
{% endmacro %}
{% macro default__get_aggregate_function_create_replace_signature(target_relation) %}
  CREATE OR REPLACE AGGREGATE FUNCTION {{ target_relation.render() }} ({{ get_formatted_aggregate_function_args() }})
  RETURNS {{ model.returns.data_type }}
  {{ get_function_language_specifier() }}
  {{ get_aggregate_function_volatility_specifier() }}
  {% if model.get('language') == 'python' %} {{ get_function_python_options() }} {% endif %}
  AS
{% endmacro %}
{% macro default__get_formatted_aggregate_function_args() %} {{ formatted_scalar_function_args_sql() }} {% endmacro %}
{% macro default__get_function_language_specifier() %}
  {% set language = model.get('language') %}
  {% if language != 'sql' %} LANGUAGE {{ 'js' if language == 'javascript' else language.upper() }} {% endif %}
{% endmacro %}
{% macro default__get_aggregate_function_volatility_specifier() %} {{ scalar_function_volatility_sql() }} {% endmacro %}
{% macro default__get_function_python_options() %}
  RUNTIME_VERSION = '{{ model.config.get('runtime_version') }}'
  HANDLER = '{{ model.config.get('entry_point') }}'
  {% set packages = model.config.get('packages', []) %}
  {% if packages %} PACKAGES = ('{{ packages | join("','") }}') {% endif %}
{% endmacro %}
`

const python = `
${dispatching('resolve_model_name(input_model_name)')}
{% macro default__resolve_model_name(input_model_name) -%} {{ input_model_name | string | replace('"', '\\\\"') }} {%- endmacro %}
{% macro py_script_comment() %}{% endmacro %}
{% macro build_ref_function(model) %}
  {%- set known = {} -%}
  {%- for asked in model.refs -%}
    {%- set parts = [asked.get('package'), asked['name']] if asked.get('package') else [asked['name']] -%}
    {%- set resolved = ref(*parts, v=asked.get('version')) -%}
    {%- if asked.get('version') -%}{%- do parts.append('v' ~ asked['version']) -%}{%- endif -%}
    {%- do known.update({parts | join('.'): resolve_model_name(resolved.render() if resolved.render is defined else resolved)}) -%}
  {%- endfor -%}
def ref(*args, **kwargs):
    refs = {{ known | tojson }}
    version = kwargs.get("v") or kwargs.get("version")
    key = ".".join(args) + (f".v{version}" if version else "")
    return kwargs["dbt_load_df_function"](refs[key])
{% endmacro %}
{% macro build_source_function(model) %}
  {%- set known = {} -%}
  {%- for asked in model.sources -%}{%- do known.update({asked | join('.'): resolve_model_name(source(*asked))}) -%}{%- endfor -%}
def source(*args, dbt_load_df_function):
    sources = {{ known | tojson }}
    return dbt_load_df_function(sources[".".join(args)])
{% endmacro %}
{% macro build_config_dict(model) %}
  {%- set configs, metas = {}, {} -%}
  {%- for key, default in zip(model.config.config_keys_used or [], model.config.config_keys_defaults or []) -%}
    {%- do configs.update({key: 'python' if key == 'language' else model.config.get(key, default)}) -%}
  {%- endfor -%}
  {%- for key, default in zip(model.config.meta_keys_used or [], model.config.meta_keys_defaults or []) -%}
    {%- do metas.update({key: (model.config.meta or {}).get(key, default)}) -%}
  {%- endfor -%}
config_dict = {{ configs }}
meta_dict = {{ metas }}
{% endmacro %}
{% macro py_script_postfix(model) %}
{{ build_ref_function(model) }}
{{ build_source_function(model) }}
{{ build_config_dict(model) }}

class config:
    def __init__(self, *args, **kwargs):
        pass

    @staticmethod
    def get(key, default=None):
        return config_dict.get(key, default)

    @staticmethod
    def meta_get(key, default=None):
        return meta_dict.get(key, default)


class this:
    """The relation of this model."""
    database = "{{ this.database }}"
    schema = "{{ this.schema }}"
    identifier = "{{ this.identifier }}"

    def __repr__(self):
        return '{{ resolve_model_name(this) }}'


class dbtObj:
    def __init__(self, load_df_function) -> None:
        self.source = lambda *args: source(*args, dbt_load_df_function=load_df_function)
        self.ref = lambda *args, **kwargs: ref(*args, **kwargs, dbt_load_df_function=load_df_function)
        self.config = config
        self.this = this()
        self.is_incremental = {{ is_incremental() }}

{{ py_script_comment() }}
{% endmacro %}
`

const materializedViews = `
{% macro materialized_view_setup(backup_relation, intermediate_relation, pre_hooks) %}
  {{ drop_relation_if_exists(load_cached_relation(backup_relation)) }}
  {{ drop_relation_if_exists(load_cached_relation(intermediate_relation)) }}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
{% endmacro %}
{% macro materialized_view_teardown(backup_relation, intermediate_relation, post_hooks) %}
  {{ drop_relation_if_exists(backup_relation) }}
  {{ drop_relation_if_exists(intermediate_relation) }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
{% endmacro %}
{% macro materialized_view_get_build_sql(existing_relation, target_relation, backup_relation, intermediate_relation) %}
  {% if existing_relation is none %}{% do return(get_create_materialized_view_as_sql(target_relation, sql)) %}{% endif %}
  {% if should_full_refresh() or not existing_relation.is_materialized_view %}
    {% do return(get_replace_sql(existing_relation, target_relation, sql)) %}
  {% endif %}
  {% set asked = config.get('on_configuration_change') %}
  {% set changes = get_materialized_view_configuration_changes(existing_relation, config) %}
  {% if changes is none %}
    {% do return(refresh_materialized_view(target_relation)) %}
  {% elif asked == 'apply' %}
    {% do return(get_alter_materialized_view_as_sql(target_relation, changes, sql, existing_relation, backup_relation, intermediate_relation)) %}
  {% endif %}
  {% set message = 'Configuration changes were identified and \`on_configuration_change\` was set to \`' ~ asked ~ '\` for \`' ~ target_relation.render() ~ '\`' %}
  {% if asked == 'continue' %}{{ exceptions.warn(message) }}{% do return('') %}
  {% elif asked == 'fail' %}{{ exceptions.raise_fail_fast_error(message) }}
  {% endif %}
  {{ exceptions.raise_compiler_error('Unexpected configuration scenario') }}
{% endmacro %}
{% macro materialized_view_execute_no_op(target_relation) %}
  {% do store_raw_result(name='main', message='skip ' ~ target_relation, code='skip', rows_affected='-1') %}
{% endmacro %}
{% macro materialized_view_execute_build_sql(build_sql, existing_relation, target_relation, post_hooks) %}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% call statement(name='main') %} {{ build_sql }} {% endcall %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) %}
  {% do persist_docs(target_relation, model) %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
{% endmacro %}
`

const duckdb = `
{% macro py_write_table(temporary, relation, compiled_code, partitioned_by=none, sorted_by=none) -%}
{{ compiled_code }}

def materialize(df, con):
    name = "__dbt_python_model_df_{{ relation.identifier }}"
    con.register(name, df)
    {% if partitioned_by or sorted_by %}
    con.execute(f"create table {{ relation | replace('"', '\\\\"') }} as select * from {name} limit 0")
    {% if partitioned_by %}
    con.execute("alter table {{ relation | replace('"', '\\\\"') }} set partitioned by ({{ partitioned_by | replace('"', '\\\\"') }})")
    {% endif %}
    {% if sorted_by %}
    con.execute("alter table {{ relation | replace('"', '\\\\"') }} set sorted by ({{ sorted_by | replace('"', '\\\\"') }})")
    {% endif %}
    con.execute(f"insert into {{ relation | replace('"', '\\\\"') }} select * from {name}")
    {% else %}
    con.execute(f"create table {{ relation | replace('"', '\\\\"') }} as select * from {name}")
    {% endif %}
    con.unregister(name)
{% endmacro %}
{% macro flight_name(parsed_model) -%}{{ return(adapter.dispatch('flight_name', 'dbt')(parsed_model)) }}{%- endmacro %}
{% macro default__flight_name(parsed_model) -%}{{ return(duckdb__flight_name(parsed_model)) }}{%- endmacro %}
{% macro duckdb__flight_name(parsed_model) -%}
  {%- set parts = ['dbt'] -%}
  {%- for part in [parsed_model.get('package_name'), parsed_model.get('database'), parsed_model.get('schema'), parsed_model.get('alias') or parsed_model.get('name')] if part -%}
    {%- do parts.append(part) -%}
  {%- endfor -%}
  {{ return(parts | join('-')) }}
{%- endmacro %}
`

export const functionMacros = [
  ...macrosOf('dbt', functions + python + materializedViews),
  ...macrosOf('dbt_duckdb', duckdb),
]
