{{ config(enabled=var('with_extras')) }}
select * from {{ ref('on_') }} where false
