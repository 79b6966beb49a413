{{ config(materialized='ephemeral', group='finance', access='private') }} select * from {{ ref('customers') }}
