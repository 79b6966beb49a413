select * from {{ ref('base_invoices') }}
