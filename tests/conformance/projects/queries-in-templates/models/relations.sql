-- depends_on: {{ ref("not_there") }}
{% if execute %}
{% set r = adapter.get_relation(database=target.database, schema='main', identifier='payments') %}
{{ r }} {{ r.type }} {{ r.is_table }} {{ r.is_view }} {{ r.identifier }}
{{ adapter.get_relation('conformance', 'other', 'v').type }} {{ adapter.get_relation('conformance', 'main', 'absent') }}
{{ load_relation(source('app', 'payments')) is not none }}
{% for c in adapter.get_columns_in_relation(source('app', 'payments')) %}{{ c.name }}:{{ c.dtype }}:{{ c.data_type }}:{{ c.quoted }}:{{ c.is_string() }}:{{ c.is_numeric() }} {% endfor %}
{% for c in get_columns_in_query('select 1 as a, 2 as b') %}{{ c }} {% endfor %}
{% for c in adapter.get_columns_in_relation(ref('not_there')) %}{{ c.name }}{% else %}no columns{% endfor %}
{{ adapter.quote('a b') }} {{ adapter.check_schema_exists('conformance', 'other') }}
{% endif %}
select 1 as one
