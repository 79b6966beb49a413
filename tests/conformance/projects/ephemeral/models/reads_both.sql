with  own as (select * from {{ ref('base') }}),
other as (select 'with ' as w)
select * from own join {{ ref('outer_') }} using (id), other, {{ ref('aliased') }}
