{% set r = ref('a') if target.name == 'dev' else ref('b') %}
select * from {{ r }} {% if false %}{{ ref('c') }}{% endif %}
