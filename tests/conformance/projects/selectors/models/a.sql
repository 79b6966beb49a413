{{ config(tags=['x']) }} select 1 as id
