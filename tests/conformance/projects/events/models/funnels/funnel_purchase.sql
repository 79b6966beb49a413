{{ funnel('purchase', ref('stg_events__identified')) }}
