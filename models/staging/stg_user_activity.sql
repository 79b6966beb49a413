-- One row per distinct user action, in the order of landing; times are UTC, money is cents.
with landed as not materialized (

    select * from {{ new_rows(source('raw', 'user_activity_logs')) }}

),

-- Few events land more than once, so only their identities are kept in memory.
repeated as (

    select
        landed.event_id,
        min(landed.rowid) as first_rowid,
    from landed
    where landed.event_id is not null
    group by landed.event_id
    having count(*) > 1

),

-- The delivery that landed first stands. Landing order is the only order that an increment and a full
-- refresh agree on: a copy may reach another partition, and Kafka's clock, at any time.
first_deliveries as (

    select
        landed.*,
        timezone('UTC', landed.timestamp) as event_timestamp,
    from landed
    left join repeated
        on landed.event_id = repeated.event_id
    where
        repeated.event_id is null
        or landed.rowid = repeated.first_rowid

),

priced as (

    select
        first_deliveries.*,
        try_cast(first_deliveries.details ->> '$.price_cents' as bigint) as price_cents,
        coalesce(try_cast(first_deliveries.details ->> '$.quantity' as bigint), 1) as quantity,
    from first_deliveries

)

select
    priced.rowid + 1 as activity_id,
    priced.event_id,
    priced.user_id,
    priced.session_id,
    priced.product_id,
    priced.action,
    priced.details,
    -- Outside these bounds it is no price (up to ten million) and no quantity, and sums stay within BIGINT.
    case when priced.price_cents between 0 and 1000000000 then priced.price_cents end as price_cents,
    case when priced.quantity between 1 and 1000000 then priced.quantity end as quantity,
    priced._kafka_timestamp > priced.timestamp + interval 1 hour as is_late,
    priced.event_timestamp,
    timezone('UTC', priced._kafka_timestamp) as kafka_at,
    timezone('UTC', priced._landed_at) as landed_at,
from priced
{% if is_incremental() %}
where
    priced.event_id is null
    or not exists (
        select 1
        from {{ this }} as known
        where known.event_id = priced.event_id
    )
{% endif %}
