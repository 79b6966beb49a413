"""Shared runs, and a report that the repository's own test command reads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .export import Export, make_export

IMAGE = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cases", help="a file that gets a JSON object a line: name, outcome, text")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # A test that passed its call may still fail its teardown; both are told, the reader takes the worse.
    if report.when != "call" and report.outcome == "passed":
        return
    file = os.environ.get("PYTEST_CASES")
    if file:
        case = {"name": report.nodeid, "outcome": report.outcome, "text": report.longreprtext}
        with Path(file).open("a", encoding="utf-8") as cases:
            cases.write(json.dumps(case) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--cases")
    if file:
        os.environ["PYTEST_CASES"] = file


@pytest.fixture(autouse=True)
def default_sigterm() -> Iterator[None]:
    """A training in this process watches SIGTERM; afterwards it ends the tests again."""
    yield
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def start(program: str, base: Path, **more: str) -> subprocess.Popen[str]:
    """`train` or `serve` as SageMaker starts them, with `base` for /opt/ml."""
    environment = {
        **os.environ,
        "SAGEMAKER_BASE_DIR": str(base),
        "MILLRACE_ML_PYTHON": sys.executable,
        **more,
    }
    return subprocess.Popen(
        [IMAGE / "bin" / program],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@dataclass(frozen=True)
class Job:
    """A training that is over."""

    export: Export
    exit_code: int
    output: str

    def model(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in (self.export.base / "model").iterdir()}


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """One real run of `train`, with a search for settings, that many tests look at."""
    export = make_export(tmp_path_factory.mktemp("job"), train=9000, other=6000).write()
    export.hyperparameters(seed=3, max_trials=3, num_round=200, threads=2)
    process = start("train", export.base)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return Job(export, process.returncode, output)
