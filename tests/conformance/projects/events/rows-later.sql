-- A late one, a new one, and a user who has become another.
copy (from (values
  (7, 'b', 'purchase', '{"amount": "5"}'::json, timestamp '2024-01-04 00:30'),
  (8, 'a', 'page_view', '{"url": "/late"}'::json, timestamp '2024-01-01 23:00')
) t(event_id, anonymous_id, event, properties, occurred_at)) to 'lake/web_events/later.parquet' (format parquet);
copy (from (values ('d', 4, timestamp '2024-01-05'), ('c', 5, timestamp '2024-01-05')) t(anonymous_id, user_id, seen_at)) to 'lake/identities/later.parquet' (format parquet);
