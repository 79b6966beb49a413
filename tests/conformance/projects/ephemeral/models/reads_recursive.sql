WITH RECURSIVE m AS (select * from {{ ref('recursive') }}) select * from m
