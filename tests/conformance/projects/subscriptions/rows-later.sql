insert into billing_raw.invoices values (4, 1, '2024-03-15', 9.99), (5, 1, '2024-01-01', 1);
insert into erp.credits values (2, '2024-03-01', 1.25);
update billing_raw.plans set name = 'Basic' where id = 1;
insert into billing_raw.plans values (3, 'weekly', 1);
update billing_raw.subscriptions set plan_id = 3 where id = 2;
