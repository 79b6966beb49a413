{{ config(unique_key=['id','day'], materialized='incremental', grants={'select': ['bi']}) }} select o.id from {{ ref('stg_orders') }} o join {{ ref('codes') }} c on true
