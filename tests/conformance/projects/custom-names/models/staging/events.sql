{{ config(schema='  raw ', alias=' EVENTS ') }}
select 1 as id
