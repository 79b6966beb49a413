{% set models = ['first', 'last'] %}
select user_id
{%- for m in models %},
    {{ m }}({{ property('referrer') if m == 'never' else 'referrer' }} order by occurred_at) as {{ m }}_touch
{%- endfor %}
from {{ ref('event_page_view') }}
where user_id in (select user_id from {{ ref('event_purchase') }})
group by user_id
