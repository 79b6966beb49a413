select 'twin' as who
