{% macro note_start() %}select 'start of {{ this.identifier }}'{% endmacro %}
