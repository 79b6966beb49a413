create schema app;
create table app.orders as from (values (1, 5, timestamp '2024-01-01'), (1, 50, timestamp '2024-01-02')) t(id, amount, placed_at);
