select *
from {{ ref("größe") }}
{% if true %}
where true
{% endif %}
-- {{ crlf_macro() }} end
