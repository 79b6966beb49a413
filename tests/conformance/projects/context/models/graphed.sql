-- depends_on: {{ ref('m') }}
{% if execute %}
{% for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') %}
{{ node.unique_id }} {{ node.config.materialized }} {{ node.depends_on.nodes }} {{ node.schema }}.{{ node.alias }} {{ node.tags }}
{%- endfor %}
{% for s in graph.sources.values() %}{{ s.source_name }}.{{ s.name }} {{ s.relation_name }}{% endfor %}
{{ graph.exposures | length }} {{ graph.metrics | length }} {{ graph.groups | length }} {{ (graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') | list) | length }}
{{ graph.nodes['model.contexts.n'].raw_code }} {{ graph.nodes['model.contexts.m'].columns.keys() | list }}
{% endif %}
select 1 as id
