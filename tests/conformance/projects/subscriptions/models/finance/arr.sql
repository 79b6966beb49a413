{{ config(materialized='view', access='public') }}
select month, mrr * 12 as arr from {{ ref('mrr') }}
