{% macro limited() %}limit {{ (config.get('meta') or {}).get('limit', 1) }}{% endmacro %}
