-- One row per user who came within the window before the newest as-of instant: their features then.
with features as (

    select * from {{ ref('user_purchase_features') }}

)

-- Every feature, also one that is added later, so that what is served is what was trained on.
select features.* exclude (known_through),
from features
where features.as_of = (select max(features.as_of) from features)
