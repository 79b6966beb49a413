{{ funnel('signup', ref('stg_events__identified')) }}
