{{ config(unique_key=['entry_id', 'kind'], incremental_strategy='merge', pre_hook="{{ note_start() }}") }}
{% for part in ['ledger_invoices', 'ledger_credits'] %}
select *, amount as debit, amount as credit from {{ ref(part) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
