select '{{ "a\nb\tc\\d\'e\"" }}' as a, '{{ 'it''s' }}' as b, '{{ "ü\u00e9\x41" }}' as c, "{{ 'a' "b" 'c' }}" as d
