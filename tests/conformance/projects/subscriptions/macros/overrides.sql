{% macro default__month_of(column) -%}cast(date_trunc('month', {{ column }}) as date){%- endmacro %}

{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set base = target.schema -%}
    {%- if node.package_name != project_name -%}{{ base }}_pkg_{{ custom_schema_name or node.package_name }}
    {%- elif custom_schema_name is none -%}{{ base }}
    {%- else -%}{{ base ~ '_' ~ custom_schema_name }}{%- endif -%}
{%- endmacro %}

{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- if custom_alias_name -%}{{ custom_alias_name | trim }}
    {%- elif node.version -%}{{ node.name ~ '_v' ~ (node.version | replace('.', '_')) }}
    {%- elif node.package_name != project_name -%}{{ node.package_name ~ '__' ~ node.name }}
    {%- else -%}{{ node.name }}{%- endif -%}
{%- endmacro %}
