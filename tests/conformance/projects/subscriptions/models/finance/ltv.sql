select c.first_month, sum(n) as months from {{ ref('cohorts') }} as c group by 1
