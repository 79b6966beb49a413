select m.month, {{ finance_tools.money('sum(i.amount)') }} as amount from {{ ref('invoices') }} as i join {{ ref('months') }} as m on m.month = {{ finance_tools.month_of('i.issued_at') }} group by 1
