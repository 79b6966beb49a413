"""Builds fixture projects with dbt, each build in a process of its own.

Importing dbt takes seconds, so it is imported once and the process forked for every build.
Reads from stdin a line for each build: {"folder": path, "environment": {name: value}, "database": file,
"sql": text or null, "commands": [[argument, ...], ...]}; the SQL runs on the database before the commands.
Prints a line for each: {"exit": 0, 1 or 2, "error": text or null}, of the last command.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import dbt.adapters.duckdb  # noqa: F401 (imported for the processes to come)
import duckdb
from dbt.cli.main import dbtRunner

RESULTS = Path("target/run_results.json")


def invoke(arguments: list[str]) -> dict[str, Any]:
    """One command, with the exit code that the `dbt` program would give."""
    # Whatever templates print() must not mix with the answer on stdout.
    with contextlib.redirect_stdout(sys.stderr):
        outcome = dbtRunner().invoke(["--quiet", "--no-use-colors", *arguments])
    failed = outcome.exception is not None
    return {
        "exit": 0 if outcome.success else 2 if failed else 1,
        "error": str(outcome.exception) if failed else None,
    }


def build(request: dict[str, Any]) -> dict[str, Any]:
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    RESULTS.unlink(missing_ok=True)
    if request["sql"]:
        with duckdb.connect(request["database"]) as connection:
            connection.execute(request["sql"])
    for command in request["commands"]:
        answer = invoke(command)
    return answer


def in_own_process(request: dict[str, Any]) -> str:
    """The answer as JSON, which comes through a pipe."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            answer = json.dumps(build(request))
        except BaseException:  # noqa: BLE001 (a forked process must end here whatever happens)
            answer = json.dumps({"exit": -1, "error": traceback.format_exc()})
        with os.fdopen(writer, "w") as pipe:
            pipe.write(answer)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


def main() -> None:
    for line in sys.stdin:
        print(in_own_process(json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
