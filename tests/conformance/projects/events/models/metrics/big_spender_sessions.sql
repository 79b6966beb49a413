select s.* from {{ ref('sessions') }} as s join {{ ref('stg_identities') }} using (anonymous_id) where user_id in (select user_id from {{ ref('big_spenders') }})
