{% call wrapped('times') %}
select s.user_id, {{ dbt.datediff('s.occurred_at', 'p.occurred_at', 'hour') }} as hours from {{ ref('event_sign_up') }} as s join {{ ref('event_purchase') }} as p using (user_id)
{% endcall %}
