{{ config(tags=['x', 'y']) }} select * from {{ ref('a') }}
