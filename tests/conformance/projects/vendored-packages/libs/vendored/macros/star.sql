{%- macro star(columns, except=[], prefix='') -%}
    {{ return(adapter.dispatch('star', 'vendored')(columns, except, prefix)) }}
{%- endmacro -%}
{%- macro default__star(columns, except=[], prefix='') -%}
    {%- if columns is mapping -%}{{ exceptions.raise_compiler_error('star() wants a list') }}{%- endif -%}
    {%- for c in columns if c not in except -%}
        1 as {{ prefix ~ c }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro -%}
{% macro surrogate_key(fields) -%}
    {%- set parts = [] -%}
    {%- for f in fields -%}{%- do parts.append("coalesce(cast(" ~ f ~ " as " ~ dbt.type_string() ~ "), '_null_')") -%}{%- if not loop.last -%}{%- do parts.append("'-'") -%}{%- endif -%}{%- endfor -%}
    {{ dbt.hash(dbt.concat(parts)) }}
{%- endmacro %}
