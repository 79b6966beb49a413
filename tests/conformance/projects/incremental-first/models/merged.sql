{{ config(
    incremental_strategy='merge',
    unique_key='id',
    merge_update_columns=['a'],
    merge_exclude_columns=none,
    merge_insert_columns=['id', 'a'],
    merge_update_condition='DBT_INTERNAL_SOURCE.a > DBT_INTERNAL_DEST.a',
    on_schema_change='sync_all_columns',
    full_refresh=false,
    pre_hook="delete from {{ this }} where false",
) }}
select 1 as id, 2 as a, '{{ this }}' as this_name, '{{ this.schema }}.{{ this.table }}' as parts
