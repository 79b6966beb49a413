{{ config(tags=['b', 'a', 'b']) }}
select 1 as id from {{ source('s', 't') }}
