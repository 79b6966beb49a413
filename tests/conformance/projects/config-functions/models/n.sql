select '{{ config.get("materialized") }} {{ config.get("meta") }} {{ config.get("enabled") }} {{ config.get("yaml_key") }}' as a
