{{ config(materialized='table', event_time='at', my_list=[1, 2]) }}
select '{{ config.get("materialized") }}' as a, '{{ config.get("absent", "dflt") }}' as b, '{{ config.get("absent", default="named") }}' as c, '{{ config.get("my_key") }}' as d,
'{{ config.get("my_list") }}' as e, '{{ config.get("meta") }}' as f, '{{ config.require("materialized") }}' as g, '{{ config.get("tags") }}' as h, '{{ config.meta_get("limit") }}' as i,
'{{ config.get("alias") }} {{ config.get("schema") }} {{ config.get("unique_key", none) }}' as j, '{{ model.config.get("my_key") }}' as k
{{ limited() }}
