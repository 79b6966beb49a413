/** Text, sets, types and casts. The blanks inside and around count: compiled text is compared with dbt's. */
import { dispatching, macrosOf } from './standard-macro.ts'

const types = ['string', 'timestamp', 'float', 'bigint', 'boolean']

const typeMacros = types.map(
  (type) =>
    `{% macro default__type_${type}() %}{{ return(api.Column.translate_type('${type}')) }}{% endmacro %}`,
)

export const stringMacros = [
  ...macrosOf(
    'dbt',
    `${dispatching(
      ...[...types, 'numeric', 'int'].map((type) => `type_${type}()`),
      'concat(fields)',
      'length(expression)',
      'position(substring_text, string_text)',
      'replace(field, old_chars, new_chars)',
      'right(string_text, length_expression)',
      'string_literal(value)',
      'escape_single_quotes(expression)',
      'split_part(string_text, delimiter_text, part_number)',
      'except()',
      'intersect()',
      'equals(expr1, expr2)',
      'hash(field)',
      'cast(field, type)',
      'safe_cast(field, type)',
      'cast_bool_to_text(field)',
    )}
${typeMacros.join('\n')}
{% macro default__type_numeric() %}{{ return(api.Column.numeric_type('numeric', 28, 6)) }}{% endmacro %}
{% macro default__type_int() %}{{ return(api.Column.translate_type('integer')) }}{% endmacro %}

{% macro default__concat(fields) -%} {{ fields | join(' || ') }} {%- endmacro %}
{% macro default__length(expression) %} length( {{ expression }} ){% endmacro %}
{% macro default__position(substring_text, string_text) %} position( {{ substring_text }} in {{ string_text }} ){% endmacro %}
{% macro default__replace(field, old_chars, new_chars) %} replace( {{ field }}, {{ old_chars }}, {{ new_chars }} ) {% endmacro %}
{% macro default__right(string_text, length_expression) %} right( {{ string_text }}, {{ length_expression }} ){% endmacro %}
{% macro default__string_literal(value) -%} '{{ value }}' {%- endmacro %}
{% macro default__escape_single_quotes(expression) -%} {{ expression | replace("'", "''") }} {%- endmacro %}
{% macro default__split_part(string_text, delimiter_text, part_number) %} split_part( {{ string_text }}, {{ delimiter_text }}, {{ part_number }} ) {% endmacro %}
{% macro _split_part_negative(string_text, delimiter_text, part_number) %}
  split_part(
    {{ string_text }},
    {{ delimiter_text }},
    length({{ string_text }})
    - length( replace({{ string_text }}, {{ delimiter_text }}, '') ) + 2 + {{ part_number }}
  )
{% endmacro %}
{% macro default__except() %} except {% endmacro %}
{% macro default__intersect() %} intersect {% endmacro %}
{% macro default__equals(expr1, expr2) -%}
  {%- if adapter.behavior.enable_truthy_nulls_equals_macro.no_warn %}
    case when (({{ expr1 }} = {{ expr2 }}) or ({{ expr1 }} is null and {{ expr2 }} is null))
      then 0
      else 1
    end = 0
  {%- else -%}
    ({{ expr1 }} = {{ expr2 }})
  {%- endif %}
{% endmacro %}
{% macro default__hash(field) -%} md5(cast({{ field }} as {{ api.Column.translate_type('string') }})) {%- endmacro %}
{% macro default__cast(field, type) %} cast({{ field }} as {{ type }}) {% endmacro %}
{% macro default__safe_cast(field, type) %} cast({{ field }} as {{ type }}) {% endmacro %}
{% macro default__cast_bool_to_text(field) %} cast({{ field }} as {{ api.Column.translate_type('string') }}) {% endmacro %}
`,
  ),
  ...macrosOf(
    'dbt_duckdb',
    `
{% macro duckdb__split_part(string_text, delimiter_text, part_number) %} string_split({{ string_text }}, {{ delimiter_text }})[ {{ part_number }} ] {% endmacro %}
{% macro normalize_string_or_list(raw, field_name) -%}
  {%- set listed = [] if raw is none else [raw] if raw is string else raw -%}
  {%- if listed is mapping or listed is not sequence -%}
    {{ exceptions.raise_compiler_error(field_name ~ ' must be a list of strings or a string') }}
  {%- endif -%}
  {%- for item in listed if item is not string -%}
    {{ exceptions.raise_compiler_error(field_name ~ ' list values must be non-empty strings') }}
  {%- endfor -%}
  {{ return(listed | list) }}
{%- endmacro %}
`,
  ),
]
