{{ config(materialized='table', tags=['one']) }}
{{ config(materialized='incremental', tags=['two'], unique_key='id') }}
select 1 as id
