select * from {{ ref('m') }} -- {{ ref('m').include(database=false) }} {{ ref('m').include(schema=false, database=false) }} {{ ref('m').quote(identifier=false) }} {{ ref('m').identifier }}
