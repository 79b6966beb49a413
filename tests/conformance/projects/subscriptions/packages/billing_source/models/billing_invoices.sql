{{ config(enabled=var('use_invoices')) }}
select id as invoice_id, subscription_id, issued_at, {{ finance_tools.money('amount') }} as amount from {{ source('billing', 'invoices') }}
