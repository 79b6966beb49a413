select
    '{{ var("plain") }}' as plain,
    '{{ var("overridden") }}' as overridden,
    {{ var("number") + 1 }} as number,
    {{ var("flag") }} as flag,
    '{{ var("nothing") }}' as nothing,
    '{{ var("nested")["a"].b }}' as nested,
    '{{ var("only_here") }}' as only_here,
    '{{ var("from_cli") }}' as cli,
    '{{ var("absent", none) }}' as absent,
    '{{ var.has_var("absent") }}' as has_absent,
    '{{ var.has_var("plain") }}' as has_plain,
    '{{ helper.helper_setting() }}' as helper
