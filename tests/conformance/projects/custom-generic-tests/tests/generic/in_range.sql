{% test in_range(model, column_name, low, high=none, inclusive=true) %}
    {{ config(severity='warn', tags=['range']) }}
    select * from {{ model }}
    where {{ column_name }} <{% if not inclusive %}={% endif %} {{ low }}
    {%- if high is not none %}
       or {{ column_name }} >{% if not inclusive %}={% endif %} {{ high }}
    {%- endif %}
{% endtest %}
