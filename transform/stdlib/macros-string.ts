/** Text, sets and identifiers. */
const dispatched = (name: string, parameters: string, body: string, prefix = 'default') => `
{% macro ${name}(${parameters}) %}{{ return(adapter.dispatch('${name}', 'dbt')(${argumentsOf(parameters)})) }}{% endmacro %}
{% macro ${prefix}__${name}(${parameters}) -%} ${body} {%- endmacro %}
`

/** `a, b='x'` → `a, b`. */
function argumentsOf(parameters: string): string {
  return parameters.replaceAll(/\s*=\s*[^,]+/g, '')
}

export const stringMacros = [
  dispatched('concat', 'fields', "{{ fields | join(' || ') }}"),
  dispatched('length', 'expression', 'length({{ expression }})'),
  dispatched(
    'position',
    'substring_text, string_text',
    'position({{ substring_text }} in {{ string_text }})',
  ),
  dispatched(
    'replace',
    'field, old_chars, new_chars',
    'replace({{ field }}, {{ old_chars }}, {{ new_chars }})',
  ),
  dispatched(
    'right',
    'string_text, length_expression',
    'right({{ string_text }}, {{ length_expression }})',
  ),
  dispatched('string_literal', 'value', "'{{ value }}'"),
  dispatched('escape_single_quotes', 'expression', `{{ expression | replace("'", "''") }}`),
  dispatched(
    'split_part',
    'string_text, delimiter_text, part_number',
    'split_part({{ string_text }}, {{ delimiter_text }}, {{ part_number }})',
  ),
  dispatched('except', '', 'except'),
  dispatched('intersect', '', 'intersect'),
  dispatched('equals', 'expr1, expr2', '({{ expr1 }} is not distinct from {{ expr2 }})', 'duckdb'),
].join('')
