create or replace temp table "history__changes" as
with snapshot_query as (
select * from users
),
source_data as (
  select *, id as dbt_unique_key_1, name as dbt_unique_key_2,
    now()::timestamp as "dbt_updated_at",
    md5(coalesce(cast(id as varchar), '') || '|' || coalesce(cast(name as varchar), '') || '|' || coalesce(cast(now()::timestamp as varchar), '')) as "dbt_scd_id",
    true as millrace_is_there
  from snapshot_query
),
snapshotted_data as (
  select *, id as dbt_unique_key_1, name as dbt_unique_key_2, true as millrace_is_there
  from "lake"."main"."history"
  where ("dbt_valid_to" = date '9999-12-31' or "dbt_valid_to" is null)
)
select
  case when source_data.millrace_is_there is null then 'delete' when snapshotted_data.millrace_is_there is null then 'insert' else 'update' end as millrace_change,
  snapshotted_data."dbt_scd_id" as millrace_ends,
  case when source_data.millrace_is_there is null then now()::timestamp else source_data."dbt_updated_at" end as millrace_ended_at,
  case when source_data.millrace_is_there is null then snapshotted_data."id" else source_data."id" end as "id",
  case when source_data.millrace_is_there is null then snapshotted_data."name" else source_data."name" end as "name",
  case when source_data.millrace_is_there is null then md5(coalesce(cast(snapshotted_data."dbt_scd_id" as varchar), '') || '|' || coalesce(cast(now()::timestamp as varchar), '')) else source_data."dbt_scd_id" end as "dbt_scd_id",
  case when source_data.millrace_is_there is null then now()::timestamp else source_data."dbt_updated_at" end as "dbt_updated_at",
  case when source_data.millrace_is_there is null then now()::timestamp else source_data."dbt_updated_at" end as "dbt_valid_from",
  case when source_data.millrace_is_there is null then snapshotted_data."dbt_valid_to" else coalesce(nullif(source_data."dbt_updated_at", source_data."dbt_updated_at"), date '9999-12-31') end as "dbt_valid_to",
  case when source_data.millrace_is_there is null then 'True' else 'False' end as "is gone"
from source_data
full join snapshotted_data on snapshotted_data.dbt_unique_key_1 = source_data.dbt_unique_key_1 and snapshotted_data.dbt_unique_key_2 = source_data.dbt_unique_key_2
where snapshotted_data.millrace_is_there is null or (source_data.millrace_is_there and ((snapshotted_data."id" is distinct from source_data."id" or snapshotted_data."name" is distinct from source_data."name") or snapshotted_data."is gone" is not distinct from 'True'))
  or (source_data.millrace_is_there is null and not (snapshotted_data."is gone" is not distinct from 'True'));

alter table "lake"."main"."history" add column "e""mail" VARCHAR;

update "lake"."main"."history" as old_versions
set "dbt_valid_to" = ended.millrace_ended_at
from (
  select millrace_ends, min(millrace_ended_at) as millrace_ended_at
  from temp.main."history__changes"
  where millrace_change <> 'insert'
  group by millrace_ends
) as ended
where old_versions."dbt_scd_id" = ended.millrace_ends and (old_versions."dbt_valid_to" = date '9999-12-31' or old_versions."dbt_valid_to" is null);

insert into "lake"."main"."history" ("id", "name", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
select "id", "name", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"
from temp.main."history__changes";
