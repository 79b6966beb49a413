{% macro surrogate_key(columns) -%}
    md5(concat_ws('|', {% for c in columns %}coalesce({{ c }}::varchar, ''){{ ', ' if not loop.last }}{% endfor %}))
{%- endmacro %}

{% macro grant_reads(schemas) %}
    {% if execute and target.name == 'prod' %}
        {% for s in schemas %}select 'reads on {{ s }}';{% endfor %}
    {% endif %}
{% endmacro %}
