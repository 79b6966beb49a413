create schema main_audit;
create table main_audit.runs (run_id varchar, step varchar, happened_at timestamp);
create view web as from (values
  (1, 'a', 'page_view', '{"url": "/?utm=x", "referrer": "mail"}', timestamp '2024-01-01 10:00'),
  (2, 'a', 'page_view', '{"url": "/b"}', timestamp '2024-01-01 10:10'),
  (3, 'a', 'sign_up', '{"plan": "pro"}', timestamp '2024-01-01 10:20'),
  (4, 'a', 'purchase', '{"amount": "1200.50", "currency": "eur"}', timestamp '2024-01-02 09:00'),
  (5, 'b', 'page_view', '{"url": "/?utm=x", "referrer": null}', timestamp '2024-01-02 09:30'),
  (6, 'c', 'sign_up', '{"plan": "free"}', timestamp '2024-01-03 23:59')
) t(event_id, anonymous_id, event, properties, occurred_at);
create view ios as from (values
  (101, 'd', 'page_view', '{"url": "/"}', timestamp '2024-01-02 12:00'),
  (102, 'd', 'purchase', '{"amount": "0.5"}', timestamp '2024-01-03 12:00'),
  (103, 'd', 'other', '{}', timestamp '2024-01-03 13:00')
) t(event_id, device_id, event, properties, occurred_at);
-- Each makes its folder, and the first one the folder of all.
copy (select 1 as nothing) to 'lake' (format parquet, per_thread_output true);
copy (select event_id, anonymous_id, event, properties::json as properties, occurred_at from web) to 'lake/web_events' (format parquet, per_thread_output true);
copy (select event_id, device_id, event, properties::json as properties, occurred_at from ios) to 'lake/ios_events' (format parquet, per_thread_output true);
copy (from (values ('a', 1, timestamp '2024-01-01'), ('a', 2, timestamp '2024-01-02'), ('d', 3, timestamp '2024-01-01')) t(anonymous_id, user_id, seen_at)) to 'lake/identities' (format parquet, per_thread_output true);
copy (from (values (1, 'ads', 'utm=x'), (2, 'other', 'utm=y')) t(id, name, utm)) to 'lake/campaigns.json' (format json);
drop view web;
drop view ios;
