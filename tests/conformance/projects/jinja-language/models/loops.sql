{% set ns = namespace(total=0, names=[]) %}
{% for name, n in {'a': 1, 'b': 2, 'c': 3}.items() if n != 2 %}
  {%- set ns.total = ns.total + n -%}
  {%- do ns.names.append(name) -%}
  {{ loop.index }}/{{ loop.length }}/{{ loop.revindex }}/{{ loop.first }}/{{ loop.last }}/{{ loop.cycle('x', 'y') }}
{% else %} none {% endfor %}
{{ ns.total }} {{ ns.names }}
{% for x in [] %}x{% else %}empty{% endfor %}
{% for a in [1, 2] recursive %}{{ a }}{% endfor %}
{% for group in [{'k': 1, 'v': 'x'}, {'k': 2, 'v': 'y'}, {'k': 1, 'v': 'z'}] | groupby('k') %}{{ group.grouper }}={{ group.list | map(attribute='v') | join('+') }} {% endfor %}
{% set outer = 1 %}{% for i in [1] %}{% set outer = 2 %}{% endfor %}{{ outer }}
{% for i in range(10, 0, -3) %}{% if i == 4 %}{% continue %}{% endif %}{{ i }}{% if i == 1 %}{% break %}{% endif %}{% endfor %}
{% for i in [1, 1, 2] %}{{ loop.changed(i) }} {{ loop.previtem | default('-') }}{{ loop.nextitem | default('-') }} {% endfor %}
