select a.month, a.arr, c.rate as churn, b.amount as budget
from {{ ref('arr') }} as a join {{ ref('churn_public') }} as c using (month) left join {{ source('erp', 'budgets') }} as b using (month)
