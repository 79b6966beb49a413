/** Dates and times. */
import { dispatching, macrosOf } from './standard-macro.ts'

export const dateMacros = [
  ...macrosOf(
    'dbt',
    `${dispatching(
      'current_timestamp()',
      'current_timestamp_backcompat()',
      'current_timestamp_in_utc_backcompat()',
      'snapshot_get_time()',
      'date(year, month, day)',
      'dateadd(datepart, interval, from_date_or_timestamp)',
      'datediff(first_date, second_date, datepart)',
      'date_trunc(datepart, date)',
      'last_day(date, datepart)',
      'date_spine(datepart, start_date, end_date)',
      'get_intervals_between(start_date, end_date, datepart)',
    )}
{% macro default__current_timestamp() -%}
  {{ exceptions.raise_not_implemented('current_timestamp macro not implemented for adapter ' + adapter.type()) }}
{%- endmacro %}
{% macro default__snapshot_get_time() %} {{ current_timestamp() }} {% endmacro %}
{% macro get_snapshot_get_time_data_type() %}
  {% set now = adapter.dispatch('snapshot_get_time', 'dbt')() %}
  {% set columns = get_column_schema_from_query('select ' ~ now ~ ' as dbt_snapshot_time') %}
  {{ return(columns[0].dtype or none) }}
{% endmacro %}
{% macro default__current_timestamp_backcompat() %} current_timestamp::timestamp {% endmacro %}
{% macro default__current_timestamp_in_utc_backcompat() %}
  {{ return(adapter.dispatch('current_timestamp_backcompat', 'dbt')()) }}
{% endmacro %}

{% macro default__date(year, month, day) -%}
  to_date('{{ modules.datetime.date(year, month, day).strftime('%Y-%m-%d') }}', 'YYYY-MM-DD')
{%- endmacro %}
{% macro default__dateadd(datepart, interval, from_date_or_timestamp) %}
  dateadd( {{ datepart }}, {{ interval }}, {{ from_date_or_timestamp }} )
{% endmacro %}
{% macro default__datediff(first_date, second_date, datepart) -%}
  datediff( {{ datepart }}, {{ first_date }}, {{ second_date }} )
{%- endmacro %}
{% macro default__date_trunc(datepart, date) -%} date_trunc('{{ datepart }}', {{ date }}) {%- endmacro %}
{% macro default_last_day(date, datepart) -%}
  cast( {{ dbt.dateadd('day', '-1', dbt.dateadd(datepart, '1', dbt.date_trunc(datepart, date))) }} as date)
{%- endmacro %}
{% macro default__last_day(date, datepart) -%} {{ dbt.default_last_day(date, datepart) }} {%- endmacro %}

{% macro default__get_intervals_between(start_date, end_date, datepart) -%}
  {%- call statement('get_intervals_between', fetch_result=True) %}
    select {{ dbt.datediff(start_date, end_date, datepart) }}
  {%- endcall -%}
  {%- set result = load_result('get_intervals_between') -%}
  {{ return(result['data'][0][0] if result and result['data'] else 1) }}
{%- endmacro %}
{% macro default__date_spine(datepart, start_date, end_date) %}
  with rawdata as (
    {{ dbt.generate_series(dbt.get_intervals_between(start_date, end_date, datepart)) }}
  ),
  all_periods as (
    select ( {{ dbt.dateadd(datepart, 'row_number() over (order by 1) - 1', start_date) }} ) as date_{{ datepart }}
    from rawdata
  ),
  filtered as (
    select * from all_periods where date_{{ datepart }} <= {{ end_date }}
  )
  select * from filtered
{% endmacro %}

{% macro convert_datetime(date_str, date_fmt) %}
  {% set message = "The provided partition date '" ~ date_str ~ "' does not match the expected format '" ~ date_fmt ~ "'" %}
  {{ return(try_or_compiler_error(message, modules.datetime.datetime.strptime, date_str.strip(), date_fmt)) }}
{% endmacro %}
{% macro dates_in_range(start_date_str, end_date_str=none, in_fmt='%Y%m%d', out_fmt='%Y%m%d') %}
  {% set first = convert_datetime(start_date_str, in_fmt) %}
  {% set last = convert_datetime(start_date_str if end_date_str is none else end_date_str, in_fmt) %}
  {% if last < first %}
    {{ exceptions.raise_compiler_error('Partition start date is after the end date (' ~ first ~ ', ' ~ last ~ ')', model) }}
  {% endif %}
  {% set days = [] %}
  {% for ahead in range((last - first).days + 1) %}
    {% set day = first + modules.datetime.timedelta(days=ahead) %}
    {% do days.append(day.strftime(out_fmt) if out_fmt else day) %}
  {% endfor %}
  {{ return(days) }}
{% endmacro %}
{% macro partition_range(raw_partition_date, date_fmt='%Y%m%d') %}
  {% set ends = (raw_partition_date | string).split(',') %}
  {% if ends | length > 2 %}
    {{ exceptions.raise_compiler_error('Invalid partition time. Expected format: {Start Date}[,{End Date}]. Got: ' ~ raw_partition_date) }}
  {% endif %}
  {{ return(dates_in_range(ends[0], ends[1] if ends | length == 2 else none, in_fmt=date_fmt)) }}
{% endmacro %}
{% macro py_current_timestring() %}
  {% set moment = modules.datetime.datetime.now() + modules.datetime.timedelta(microseconds=adapter.moments_named()) %}
  {{ return(moment.strftime('%Y%m%d%H%M%S%f')) }}
{% endmacro %}
`,
  ),
  ...macrosOf(
    'dbt_duckdb',
    `
{% macro duckdb__current_timestamp() -%} now() {%- endmacro %}
{% macro duckdb__snapshot_get_time() -%} {{ current_timestamp() }}::timestamp {%- endmacro %}
{% macro duckdb__snapshot_string_as_time(timestamp) -%} {{ return("'" ~ timestamp ~ "'::timestamp") }} {%- endmacro %}
{% macro duckdb__date(year, month, day) -%} make_date({{ year }}, {{ month }}, {{ day }}) {%- endmacro %}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) %} {% set unit = datepart | lower -%}
  {%- set factor = {'quarter': 3, 'week': 7}.get(unit) -%}
  {%- if factor -%}
    ({{ from_date_or_timestamp }} + (cast({{ interval }} as bigint) * {{ factor }}) * interval 1 {{ 'month' if unit == 'quarter' else 'day' }})
  {%- else -%}
    ({{ from_date_or_timestamp }} + cast({{ interval }} as bigint) * interval 1 {{ unit }})
  {%- endif -%}
{% endmacro %}
{% macro duckdb__datediff(first_date, second_date, datepart) -%}
  {% if datepart == 'week' %}
    ({{ datediff(first_date, second_date, 'day') }} // 7 + case
      when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
        case when {{ first_date }} <= {{ second_date }} then 0 else -1 end
      else
        case when {{ first_date }} <= {{ second_date }} then 1 else 0 end
    end)
  {% else %}
    (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp ))
  {% endif %}
{%- endmacro %}
{% macro duckdb__last_day(date, datepart) -%}
  {%- if datepart == 'quarter' -%}
    -- duckdb dateadd does not support quarter interval.
    cast( {{ dbt.dateadd('day', '-1', dbt.dateadd('month', '3', dbt.date_trunc(datepart, date))) }} as date)
  {%- else -%}
    {{ dbt.default_last_day(date, datepart) }}
  {%- endif -%}
{%- endmacro %}
`,
  ),
]
