import pandas as pd


def helper(x):
    return x + 1


def model(dbt, session):
    dbt.config(materialized="table", tags=["py"], packages=["pandas"], meta={"a": [1, None, True]})
    orders = dbt.ref("orders")
    raw = dbt.source("app", "raw")
    limit = dbt.config.get("limit")
    other = dbt.config.get("other", "x")
    if dbt.is_incremental:
        orders = orders.filter(f"id > {limit}")
    this = dbt.this
    return orders.df()
