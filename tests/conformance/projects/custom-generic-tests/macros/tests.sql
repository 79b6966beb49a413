{% test same_count(model, compare) %}
select 1 where (select count(*) from {{ model }}) <> (select count(*) from {{ compare }})
{% endtest %}

{% test unique(model, column_name) %}
select {{ column_name }} from {{ model }} group by all having count(*) > 1 -- ours
{% endtest %}

{% test expression(model, sql) %}
select * from {{ model }} where not ({{ sql }})
{% endtest %}
