select '{% raw %}{{ not_rendered }} {% not_a_tag %} {# no comment #}{% endraw %}' as a,
'{{ "{{" }} {{ '%}' }}' as b, -- {# {{ gone }} {% gone %} #}
'{%- raw -%}  x  {%- endraw -%}' as c
