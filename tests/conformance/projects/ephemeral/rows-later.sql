select 'the snapshot has seen it all before';
