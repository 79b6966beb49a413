{{ config(materialized='table', meta={'k': 'v'}) }}
select '{{ project_name }}' as p, '{{ target.name }}/{{ target.schema }}/{{ target.database }}/{{ target.type }}/{{ target.threads }}/{{ target.profile_name }}' as t,
'{{ model.unique_id }}/{{ model.name }}/{{ model.resource_type }}/{{ model.fqn }}/{{ model.path }}/{{ model.original_file_path }}/{{ model.alias }}/{{ model.package_name }}' as m,
'{{ model.config.materialized }}/{{ model.config.meta }}/{{ model.tags }}/{{ model.description }}/{{ model.columns.id.description }}' as c,
'{{ this }} {{ this.database }}.{{ this.schema }}.{{ this.identifier }} {{ this.name }} {{ this.table }}' as th,
'{{ schema }} {{ database }}' as sd, '{{ flags.FULL_REFRESH }} {{ flags.WHICH }} {{ flags.STORE_FAILURES }}' as f, '{{ execute }}' as e,
'{{ dbt_version }}' as v, '{{ invocation_id | length }}' as i, '{{ run_started_at.strftime("%Y") | length }}' as y, '{{ dbt_metadata_envs }}' as md,
'{{ thread_id is defined }} {{ adapter.type() }} {{ api.Relation.create(database="d", schema="s", identifier="i") }} {{ api.Relation.create(schema="s", identifier="i", type="view").is_view }}' as a,
'{{ api.Column("a", "varchar").data_type }} {{ api.Column.create("b", "integer").is_numeric() }} {{ api.Column("c", "text").string_type(10) }}' as ac,
'{{ selected_resources | length > 0 }} {{ builtins.ref("n") }} {{ invocation_args_dict.which }}' as b,
'{{ ref("n").database }} {{ ref("n").type }} {{ ref("n").is_table }} {{ source("s", "t").schema }}' as r,
'{{ exceptions.warn("careful") or "" }}' as w, '{{ validation.any[int](1) if false else "" }}' as x, '{{ env_var("NOPE", "d") }}' as en, '{{ context is defined }} {{ log("a") }}{{ print("b") }}' as l
