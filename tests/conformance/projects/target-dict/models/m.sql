select '{{ target }}' as t, '{{ tojson(target) }}' as j, '{{ target.get("nope", 1) }}' as g, {{ target | length }} as n,
'{{ target.keys() | list }}' as k, '{{ "name" in target }} {{ target is mapping }} {{ target.nothing is defined }}' as b,
'{% for key, value in target.items() %}{{ key }}={{ value }};{% endfor %}' as i, '{{ target["schema"] }} {{ env.name }}' as s
