select '{{ flags.USE_COLORS }}' as c, '{{ flags.WARN_ERROR }}' as w
