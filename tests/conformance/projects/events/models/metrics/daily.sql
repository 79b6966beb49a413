select c.day, c.page_view_count as views, c.purchase_count as purchases from {{ ref('event_counts') }} as c
