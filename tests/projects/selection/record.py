"""Writes recorded.tsv anew: what dbt-core 1.12 lists for each line of options in it.

Run inside this folder, with dbt-core and dbt-duckdb installed and a profile named shop.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
from pathlib import Path

from dbt.cli.main import dbtRunner

RECORD = Path("recorded.tsv")


def main() -> None:
    manifest = dbtRunner().invoke(["parse", "--quiet"]).result
    options = [line.split("\t")[0] for line in RECORD.read_text().splitlines()]
    RECORD.write_text("".join(f"{text}\t{listed(manifest, text)}\n" for text in options))


def listed(manifest: object, options: str) -> str:
    warned: list[str] = []

    def note(event) -> None:
        if event.info.name == "NoNodesForSelectionCriteria":
            warned.append(event.data.spec_raw)

    runner = dbtRunner(manifest=manifest, callbacks=[note])
    arguments = ["--quiet", "ls", "--output", "json", "--output-keys", "unique_id"]
    with contextlib.redirect_stdout(io.StringIO()):
        answer = runner.invoke([*arguments, *shlex.split(options)])
    if answer.exception:
        return "error"
    ids = [json.loads(line)["unique_id"].replace(".shop.", ".") for line in answer.result]
    return "\t".join([" ".join(ids), *(["|".join(warned)] if warned else [])])


if __name__ == "__main__":
    main()
