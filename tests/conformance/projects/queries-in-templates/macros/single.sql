{% macro dbt_get_single() %}{% set q %}select count(*) from {{ source('app', 'payments') }}{% endset %}{{ return(run_query(q)[0][0]) }}{% endmacro %}
