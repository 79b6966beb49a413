create or replace temp table "history__changes" as
with snapshot_query as (
select * from users
),
source_data as (
  select *, id as dbt_unique_key,
    changed as "dbt_updated_at",
    md5(coalesce(cast(id as varchar), '') || '|' || coalesce(cast(changed as varchar), '')) as "dbt_scd_id",
    true as millrace_is_there
  from snapshot_query
),
snapshotted_data as (
  select *, id as dbt_unique_key, true as millrace_is_there
  from "lake"."main"."history"
  where "dbt_valid_to" is null
)
select
  case when source_data.millrace_is_there is null then 'delete' when snapshotted_data.millrace_is_there is null then 'insert' else 'update' end as millrace_change,
  snapshotted_data."dbt_scd_id" as millrace_ends,
  source_data."dbt_updated_at" as millrace_ended_at,
  source_data."id" as "id",
  source_data."name" as "name",
  source_data."dbt_scd_id" as "dbt_scd_id",
  source_data."dbt_updated_at" as "dbt_updated_at",
  source_data."dbt_updated_at" as "dbt_valid_from",
  coalesce(nullif(source_data."dbt_updated_at", source_data."dbt_updated_at"), null) as "dbt_valid_to"
from source_data
left join snapshotted_data on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where snapshotted_data.millrace_is_there is null or (source_data.millrace_is_there and ((snapshotted_data."dbt_valid_from" < source_data.changed)));

alter table "lake"."main"."history" add column "e""mail" VARCHAR;

update "lake"."main"."history" as old_versions
set "dbt_valid_to" = ended.millrace_ended_at
from (
  select millrace_ends, min(millrace_ended_at) as millrace_ended_at
  from temp.main."history__changes"
  where millrace_change <> 'insert'
  group by millrace_ends
) as ended
where old_versions."dbt_scd_id" = ended.millrace_ends and old_versions."dbt_valid_to" is null;

insert into "lake"."main"."history" ("id", "name", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
select "id", "name", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"
from temp.main."history__changes"
where millrace_change <> 'delete';
