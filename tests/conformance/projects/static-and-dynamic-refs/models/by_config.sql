{{ config(materialized=('table' if var('which') == 'b' else 'view'), alias='x_' ~ var('which')) }}
{% set names = {'one': 'a', 'two': 'b'} %}
{% for k, v in names.items() %}select '{{ k }}' as k, * from {{ ref(v) }}{{ ' union all ' if not loop.last }}{% endfor %}
