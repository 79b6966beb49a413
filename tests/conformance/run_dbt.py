"""Runs dbt commands one after the other in this process and prints, as JSON, what they gave.

Each `dbt` program spends seconds on imports; one process for all commands of a fixture does so once.
Reads from stdin: {"setup": SQL or null, "database": file, "commands": [[argument, ...], ...]}.
Prints one line: [{"success": bool, "error": text or null, "lines": [...], "warnings": [...]}, ...],
which ends at the first command that failed.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import duckdb
from dbt.cli.main import dbtRunner


def run(arguments: list[str]) -> dict[str, Any]:
    """One command: whether it worked, the lines of `ls`, and the names of its warnings."""
    warnings: set[str] = set()

    def note(event: Any) -> None:
        if event.info.level == "warn":
            warnings.add(event.info.name)

    # Whatever templates print() must not mix with the answer on stdout.
    with contextlib.redirect_stdout(sys.stderr):
        outcome = dbtRunner(callbacks=[note]).invoke(["--quiet", "--no-use-colors", *arguments])
    lines = outcome.result if arguments[0] in ("ls", "list") else None
    return {
        "success": outcome.success,
        "error": None if outcome.exception is None else str(outcome.exception),
        "lines": lines if isinstance(lines, list) else [],
        "warnings": sorted(warnings),
    }


def main() -> None:
    request = json.load(sys.stdin)
    if request["setup"]:
        with duckdb.connect(request["database"]) as connection:
            connection.execute(request["setup"])
    answers: list[dict[str, Any]] = []
    for command in request["commands"]:
        answers.append(run(command))
        if not answers[-1]["success"]:
            break
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
