update app.orders set state = 'paid', updated_at = '2024-02-01' where id = 1;
update app.orders set state = 'not seen' where id = 2;
delete from app.orders where id = 3;
insert into app.orders values (4, 'new', '2024-02-02');
