/** Types and casts. DuckDB's names of types are what `api.Column.translate_type` leaves of a word. */
const types = ['string', 'timestamp', 'float', 'numeric', 'bigint', 'int', 'boolean']

const typeMacros = types.map((type) => {
  const name = type === 'int' ? 'integer' : type
  return `
{% macro type_${type}() %}{{ return(adapter.dispatch('type_${type}', 'dbt')()) }}{% endmacro %}
{% macro default__type_${type}() %}{{ return(api.Column.translate_type('${name}')) }}{% endmacro %}`
})

export const castMacros = `${typeMacros.join('')}

{% macro cast(field, type) %}{{ return(adapter.dispatch('cast', 'dbt')(field, type)) }}{% endmacro %}
{% macro default__cast(field, type) -%} cast({{ field }} as {{ type }}) {%- endmacro %}

{% macro safe_cast(field, type) %}{{ return(adapter.dispatch('safe_cast', 'dbt')(field, type)) }}{% endmacro %}
{% macro default__safe_cast(field, type) -%} cast({{ field }} as {{ type }}) {%- endmacro %}
{% macro duckdb__safe_cast(field, type) -%} try_cast({{ field }} as {{ type }}) {%- endmacro %}

{% macro cast_bool_to_text(field) %}{{ return(adapter.dispatch('cast_bool_to_text', 'dbt')(field)) }}{% endmacro %}
{% macro default__cast_bool_to_text(field) -%} cast({{ field }} as {{ api.Column.translate_type('string') }}) {%- endmacro %}

{% macro hash(field) %}{{ return(adapter.dispatch('hash', 'dbt')(field)) }}{% endmacro %}
{% macro default__hash(field) -%} md5(cast({{ field }} as {{ api.Column.translate_type('string') }})) {%- endmacro %}
`
