{#- A user's own ratio as if there had been `weight` more cases that were like everybody's: little is made of little. -#}
{% macro drawn_towards(everybodys, part, whole, weight) -%}
    (coalesce({{ part }}, 0) + {{ weight }} * {{ everybodys }}) / (coalesce({{ whole }}, 0) + {{ weight }})
{%- endmacro %}
