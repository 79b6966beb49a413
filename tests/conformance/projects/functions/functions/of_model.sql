{{ config(tags=['reads']) }}
(select max(id) from {{ ref('m') }}) + y
