select * from {{ ref('stg_billing__customers') }}
