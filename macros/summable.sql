{#- A fraction as a multiple of 2^-30: sums of such are exact, so the order in which they are added up does not show. -#}
{% macro summable(fraction) -%}
    round({{ fraction }} * 1073741824) / 1073741824
{%- endmacro %}
