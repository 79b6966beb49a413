{{ union_all(['a', 'b']) }}
