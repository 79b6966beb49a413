{{ config(alias='monthly') }}
select * from {{ ref('stg_orders') }} join {{ ref('events') }} using (id) join {{ ref('codes') }} using (id)
