{{ config(alias='other_name') }}
select 2 as id;
