select dbt_valid_from::date as day, country, count(*) as n from {{ ref('customers_history') }} group by all
