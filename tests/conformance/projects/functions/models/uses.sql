select {{ function('twice') }}(id) as a, {{ function('functions_', 'of_model') }}(1) as b from {{ ref('m') }}
