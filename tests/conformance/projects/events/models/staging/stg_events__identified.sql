select e.*, i.user_id from {{ ref('stg_events__all') }} as e left join {{ ref('stg_identities') }} as i using (anonymous_id)
