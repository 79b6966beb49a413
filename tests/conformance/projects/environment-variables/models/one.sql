select {{ env_var('CONF_COUNT') | int + 1 }} as n, '{{ env_var("CONF_ABSENT", "fallback") }}' as d
{% if env_var('CONF_ON') | as_bool %}-- on{% endif %}
