select * from {{ ref('mrr') }} where {{ finance_tools.fiscal_year('month') }} = 2024
