select {{ toolbox.shout("'x'") }} as a, {{ toolbox.whisper("'X'") }} as b, {{ toolbox.plain('1') }} as c,
    {{ columns('a', 'c') }}, {{ dispatching.columns(first='q') }},
    {{ uses_private(1) }} as p, {{ a_list() | join('+') }} as s, '{{ a_dict().k }}' as v,
    {{ toolbox.both() }} as both
