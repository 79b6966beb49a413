select '{{ inline(1) }}' as a, '{{ tight(2) }}' as b, '{{ tight(3)|trim }}{{ inline(4)|trim }}' as c
-- the end {{ "no newline" }}
