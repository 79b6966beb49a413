select {{ dbt.concat(['a', 'b', "'c'"]) }} as a, {{ dbt.hash('a') }} as b, {{ dbt.length('a') }} as c, {{ dbt.position("'x'", 'a') }} as d, {{ dbt.replace('a', "'x'", "'y'") }} as e,
{{ dbt.right('a', 3) }} as f, {{ dbt.split_part('a', "','", 2) }} as g, {{ dbt.split_part('a', "','", -1) }} as h, {{ dbt.string_literal("it's") }} as i, {{ dbt.escape_single_quotes("it's") }} as j,
{{ dbt.listagg('a', "','", 'order by a') }} as k, {{ dbt.listagg('a') }} as l, {{ dbt.listagg('a', "'-'", 'order by b', 3) }} as m
