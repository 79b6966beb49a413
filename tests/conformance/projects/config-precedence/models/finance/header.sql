{{ config(materialized='table', tags='head', meta={'owner': 'me', 'deep': {'x': [1, 2]}}, alias='from_header') }}
select 1 as id
