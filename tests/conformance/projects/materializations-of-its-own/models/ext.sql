{{ config(materialized='external', location='out/x.parquet', format='parquet', options={'partition_by': 'id'}) }} select 1 as id
