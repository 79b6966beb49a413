{{ config(contract={'enforced': true, 'alias_types': false}) }}
select 1 as id, 1 as order_id
