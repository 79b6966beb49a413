select 1 as id, {{ vendored.star(['a', 'b']) }}
