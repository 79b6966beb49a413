{{ config(incremental_strategy='delete+insert', unique_key=['id', 'day'], incremental_predicates=["day > current_date - 7"]) }}
select * from {{ ref('plain') }} {% if not is_incremental() -%} where true {%- endif %}
