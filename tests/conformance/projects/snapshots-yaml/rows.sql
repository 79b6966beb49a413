create schema app;
create table app.orders as from (values (1, 'new', timestamp '2024-01-01'), (2, 'paid', timestamp '2024-01-02'), (3, 'gone', timestamp '2024-01-03')) t(id, state, updated_at);
