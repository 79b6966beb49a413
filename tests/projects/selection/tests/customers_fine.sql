{{ config(severity='warn', tags=['slow']) }} select * from {{ ref('customers') }} where false
