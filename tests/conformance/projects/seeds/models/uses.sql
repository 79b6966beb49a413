select * from {{ ref('countries') }}, {{ ref('semicolons') }}, {{ ref('plain') }}
