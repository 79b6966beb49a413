{% macro note(what) %}{% if execute %}insert into audit.notes values ('{{ what }}'){% endif %}{% endmacro %}
