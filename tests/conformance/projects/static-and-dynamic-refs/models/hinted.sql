-- depends_on: {{ ref('c') }}
{% if execute %}select * from {{ ref('c') }}{% else %}select 0{% endif %}
