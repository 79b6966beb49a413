select '{{ which() }} {{ kit.which() }} {{ kit.calls_which() }}' as w, {{ base.one() }} as o from {{ ref('kit_model') }} join {{ ref('kit', 'kit_seed') }} on true
