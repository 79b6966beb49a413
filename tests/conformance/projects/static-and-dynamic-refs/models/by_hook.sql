{{ config(pre_hook="insert into x select * from {{ ref('c') }}", post_hook="{{ hooked(ref('a')) }}") }}
select 1 as id
