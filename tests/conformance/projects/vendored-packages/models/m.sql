select {{ vendored.surrogate_key(['id', 'a']) }} as key, {{ vendored.star(columns=['x', 'y', 'z'], except=['y'], prefix='p_') }} from {{ ref('base_model') }}
