{{ config(alias='uno') }}
select 1 as id
