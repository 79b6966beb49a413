{% macro wrap(tag) %}<{{ tag }}>{{ caller() }}</{{ tag }}>{% endmacro %}
{% macro each(items) %}{% for i in items %}{{ caller(i, loop.index) }};{% endfor %}{% endmacro %}
{% macro early(xs) %}{% for x in xs %}{% if x > 1 %}{{ return('found ' ~ x) }}{% endif %}{% endfor %}{{ return('none') }}{% endmacro %}
{% macro recursive(n) %}{% if n > 0 %}{{ n }},{{ recursive(n - 1) }}{% endif %}{% endmacro %}
{% macro with_defaults(a, b=[], c={'x': 1}, d=none) %}{{ a }}|{{ b }}|{{ c }}|{{ d }}|{{ varargs }}|{{ kwargs }}{% endmacro %}
{% macro reads_local() %}{{ outside | default('undefined') }}{% endmacro %}
