{{ config(
    pre_hook=["select 'a'", before_begin("select 'b'")],
    post_hook=after_commit("vacuum")
) }}
{{ config(post_hook={"sql": "select 'c'", "transaction": true}) }}
select 1 as id
