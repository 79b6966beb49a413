{% macro limit_in_dev(column, days=3) %}
{% if target.name == 'dev' %}
where {{ column }} >= {{ dbt.dateadd('day', -days, 'current_date') }}
{% endif %}
{% endmacro %}
