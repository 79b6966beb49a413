-- One row per registered user.
with users as (

    select * from {{ ref('registered_users') }}

)

select
    users.user_id::bigint as user_id,
    users.name::varchar as name,
    users.email::varchar as email,
    users.signup_date::timestamp as signup_date,
from users
