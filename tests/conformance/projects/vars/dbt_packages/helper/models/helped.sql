select '{{ var("helper_var") }}' as a, {{ var("helper_only") }} as b, '{{ var("from_cli") }}' as c, '{{ var("missing", "dflt") }}' as d
