{% macro shout(x) -%}{{ return(adapter.dispatch('shout', 'toolbox')(x)) }}{%- endmacro %}
{% macro default__shout(x) -%}upper({{ x }}){%- endmacro %}

{% macro whisper(x) -%}{{ adapter.dispatch('whisper', macro_namespace='toolbox')(x) }}{%- endmacro %}
{% macro default__whisper(x) -%}lower({{ x }}){%- endmacro %}
{% macro duckdb__whisper(x) -%}lcase({{ x }}){%- endmacro %}

{% macro plain(x) -%}{{ adapter.dispatch('plain')(x) }}{%- endmacro %}
{% macro default__plain(x) -%}plain({{ x }}){%- endmacro %}

{% macro both() -%}{{ toolbox.shout("'a'") }} || {{ toolbox.whisper("'B'") }}{%- endmacro %}
