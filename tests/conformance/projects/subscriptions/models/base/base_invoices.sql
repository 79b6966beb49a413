select * from {{ ref('billing_invoices') }}
