select day, {{ windowed(['views', 'purchases']) }}
from {{ ref('daily') }}
