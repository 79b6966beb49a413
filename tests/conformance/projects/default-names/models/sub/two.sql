{{ config(schema=none) }}
select * from {{ ref('one') }}
