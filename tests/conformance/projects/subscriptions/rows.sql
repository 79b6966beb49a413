create schema billing_raw;
create schema erp;
create table billing_raw.customers as from (values (1::bigint, 'Ann', 'de'), (2, 'Bob', 'us'), (3, 'Cleo', null)) t(id, name, country);
create table billing_raw.plans as from (values (1::bigint, 'basic', 1), (2, 'yearly', 12)) t(id, name, interval_months);
create table billing_raw.subscriptions as select * replace (price::decimal(10, 2) as price) from (values
  (1::bigint, 1::bigint, 1::bigint, timestamp '2024-01-15', null::timestamp, 9.99),
  (2, 2, 2, timestamp '2024-02-01', timestamp '2024-06-01', 1200),
  (3, 8, 1, timestamp '2024-12-31', null, 60)
) t(id, customer_id, plan_id, started_at, ended_at, price);
create table billing_raw.invoices as from (values (1, 1, timestamp '2024-01-15', 9.99), (2, 2, timestamp '2024-02-01', 1200.005), (3, 1, timestamp '2024-02-15', 9.99)) t(id, subscription_id, issued_at, amount);
create table erp.credits as from (values (1, timestamp '2024-02-20', 5.5)) t(credit_id, issued_at, amount);
create table erp.budgets as from (values (date '2024-02-01', 100)) t(month, amount);
