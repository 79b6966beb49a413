select month, {{ finance_tools.fiscal_year('month') }} as fiscal_year from {{ ref('base_months') }}
