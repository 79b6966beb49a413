{{ config(group='finance') }}
select * from {{ ref('ledger') }} where id < 0
