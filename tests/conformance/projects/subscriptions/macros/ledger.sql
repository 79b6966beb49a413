{% macro ledger_entry(kind, amount, relation, id='invoice_id', at='issued_at') %}
select
    {{ dbt.hash(dbt.concat(["'" ~ kind ~ "'", 'cast(' ~ id ~ ' as ' ~ dbt.type_string() ~ ')'])) }} as entry_id,
    '{{ kind }}' as kind,
    {{ at }} as booked_at,
    {{ finance_tools.money(amount) }} as amount
from {{ relation }}
{% if is_incremental() %}where {{ at }} > (select max(booked_at) from {{ this }} where kind = '{{ kind }}'){% endif %}
{% endmacro %}
