"""Takes a snapshot with dbt several times and prints, as JSON, its table after each round.

Reads from stdin: {"setup": [SQL, ...], "rounds": [[SQL, ...], ...], "relation": name, "query": SQL}.
The project stands in the current folder, its database in snapshots.duckdb.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import duckdb
from dbt.cli.main import dbtRunner


def execute(statements: list[str]) -> None:
    with duckdb.connect("snapshots.duckdb") as connection:
        for statement in statements:
            connection.execute(statement)


def read(relation: str, query: str) -> dict[str, Any]:
    """Columns and rows of the snapshot."""
    with duckdb.connect("snapshots.duckdb") as connection:
        described = connection.execute(f"describe {relation}").fetchall()
        rows = connection.execute(query).fetchall()
    return {"columns": [[name, kind] for name, kind, *_ in described], "rows": rows}


def main() -> None:
    request = json.load(sys.stdin)
    execute(request["setup"])
    rounds = []
    for statements in request["rounds"]:
        execute(statements)
        with contextlib.redirect_stdout(sys.stderr):
            outcome = dbtRunner().invoke(["--no-use-colors", "snapshot"])
        if not outcome.success:
            sys.exit(1)
        rounds.append(read(request["relation"], request["query"]))
    print(json.dumps(rounds))


if __name__ == "__main__":
    main()
