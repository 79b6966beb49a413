{{ config(materialized='only_duckdb') }} select 1 as id
