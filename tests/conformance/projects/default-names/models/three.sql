{{ config(database='elsewhere', schema='deep') }}
select * from {{ ref('two') }}
