select 1 as id {% if is_incremental() %} where 'a view is no table' {% endif %}
