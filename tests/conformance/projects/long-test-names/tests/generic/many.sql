{% test has_arguments(model, column_name, a_list=[], a_dict={}, flag=true, number=1, text='') %}
select {{ column_name }} from {{ model }} where {{ flag }} and {{ number }} = 1 and '{{ text }}' = '{{ a_list }}' and '{{ a_dict }}' = ''
{% endtest %}
