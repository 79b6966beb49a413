-- Größe in cm 🎉
select 1 as "größe", '東京' as ort, '{{ "é" ~ "ß" | upper }} {{ "Ünïcode" | length }}' as x
