{{ config({'materialized': 'table', 'tags': ['dict']}) }}
select 1 as id
