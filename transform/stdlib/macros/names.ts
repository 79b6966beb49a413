/** How a node gets its database, schema and name; a project overrides the first three. */
import { macrosOf } from './standard-macro.ts'

const customName = (what: string) =>
  `{% macro generate_${what}_name(custom_${what}_name=none, node=none) -%}
  {% do return(adapter.dispatch('generate_${what}_name', 'dbt')(custom_${what}_name, node)) %}
{%- endmacro %}`

export const nameMacros = macrosOf(
  'dbt',
  `${['schema', 'alias', 'database'].map(customName).join('\n')}
{% macro generate_latest_version_pointer_alias(custom_alias_name=none, node=none) -%}
  {% do return(adapter.dispatch('generate_latest_version_pointer_alias', 'dbt')(custom_alias_name, node)) %}
{%- endmacro %}

{% macro default__generate_schema_name(custom_schema_name, node) -%}
  {%- if custom_schema_name is none -%} {{ target.schema }}
  {%- else -%} {{ target.schema }}_{{ custom_schema_name | trim }}
  {%- endif -%}
{%- endmacro %}
{% macro generate_schema_name_for_env(custom_schema_name, node) -%}
  {%- if target.name == 'prod' and custom_schema_name is not none -%} {{ custom_schema_name | trim }}
  {%- else -%} {{ target.schema }}
  {%- endif -%}
{%- endmacro %}
{% macro default__generate_alias_name(custom_alias_name=none, node=none) -%}
  {%- if custom_alias_name -%} {{ custom_alias_name | trim }}
  {%- elif node.version -%} {{ return(node.name ~ '_v' ~ (node.version | replace('.', '_'))) }}
  {%- else -%} {{ node.name }}
  {%- endif -%}
{%- endmacro %}
{% macro default__generate_database_name(custom_database_name=none, node=none) -%}
  {%- if custom_database_name is none -%} {{ target.database }}
  {%- else -%} {{ custom_database_name }}
  {%- endif -%}
{%- endmacro %}
{% macro default__generate_latest_version_pointer_alias(custom_alias_name=none, node=none) -%}
  {%- if custom_alias_name -%} {{ custom_alias_name | trim }} {%- else -%} {{ node.name }} {%- endif -%}
{%- endmacro %}
`,
)
