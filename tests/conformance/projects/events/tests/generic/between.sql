{% test between(model, column_name, low, high) %}
  {% set column = adapter.quote(column_name) %}
  select {{ column }} from {{ model }} where not {{ column }} between {{ low }} and {{ high }}
{% endtest %}
