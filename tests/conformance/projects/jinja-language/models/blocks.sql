{% set block %}some {{ 1 + 1 }} text{% endset %}
{% set up | upper %}shout{% endset %}
{{ block }} {{ up }} {{ block | length }}
{% call wrap('b') %}inner {{ block }}{% endcall %}
{% call(item, n) each(['x', 'y']) %}{{ n }}:{{ item }}{% endcall %}
{% filter upper %}filtered {{ block }}{% endfilter %}
{% set x, y = 1, (2, 3) %}{{ x }} {{ y }} {{ y[0] }}
{{ early([0, 1, 2, 3]) }} {{ early([]) }} {{ recursive(3) }}
{{ with_defaults(1) }} {{ with_defaults(1, 2, 3, 4, 5, 6) }} {{ with_defaults(a=1, z=9) }}
{% set outside = 1 %}{{ reads_local() }}
{% with q = 5 %}{{ q }}{% endwith %}
{% if not (1 > 2 and 3 or false) and 'a' in 'abc' and 2 not in [1] %}yes{% elif true %}no{% endif %}
{{ 'inline' if true else 'other' }} {{ 'only' if false }}
