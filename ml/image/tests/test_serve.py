"""`serve` as an endpoint runs it: a process that is asked over HTTP."""

from __future__ import annotations

import http.client
import json
import math
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from purchase_model.problems import Problem
from purchase_model.served_model import load_model
from purchase_model.server import ASIDE_BYTES, MAX_BODY_BYTES

from .conftest import Job, start
from .export import csv_line

JSON, CSV = "application/json", "text/csv"


@dataclass
class Endpoint:
    job: Job
    port: int
    process: subprocess.Popen[str]

    def ask(
        self, body: str | bytes, kind: str = JSON, path: str = "/invocations", **headers: str
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", path, body, {"content-type": kind, **headers})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text

    def predictions(self, instances: list[dict[str, Any]], reasons: bool = False) -> Any:
        status, text = self.ask(json.dumps({"instances": instances, "reasons": reasons}))
        assert status == 200, text
        return json.loads(text)

    def rows(self) -> list[list[float]]:
        """Features of the test rows, NaN where they are not known."""
        rows: list[list[float]] = self.job.export.rows["test"][:, 1:].tolist()
        return rows

    def instances(self, count: int) -> list[dict[str, float | None]]:
        return [
            {
                name: None if math.isnan(value) else value
                for name, value in zip(self.job.export.features, row, strict=True)
            }
            for row in self.rows()[:count]
        ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_ping(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        assert process.poll() is None, process.communicate()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/ping")
            assert connection.getresponse().status == 200
            connection.close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("serve never answered /ping")


@pytest.fixture(scope="module")
def endpoint(trained: Job) -> Iterator[Endpoint]:
    port = free_port()
    process = start("serve", trained.export.base, SAGEMAKER_BIND_TO_PORT=str(port))
    wait_for_ping(port, process)
    yield Endpoint(trained, port, process)
    process.kill()
    process.communicate()


def test_json_and_csv_give_the_scores_of_the_training(endpoint: Endpoint) -> None:
    file = endpoint.job.export.base / "output/data/test-scores.csv"
    written = np.loadtxt(file, delimiter=",", usecols=1)
    answered = endpoint.predictions(endpoint.instances(300))
    assert [one["score"] for one in answered["predictions"]] == written[:300].tolist()
    status, text = endpoint.ask("\n".join(map(csv_line, endpoint.rows())), f"{CSV}; charset=utf-8")
    assert status == 200
    assert [float(line) for line in text.splitlines()] == written.tolist()


def test_an_answer_names_the_model_that_gave_it(endpoint: Endpoint) -> None:
    serving = json.loads(endpoint.job.model()["serving.json"])
    answered = endpoint.predictions([{}])
    assert answered["model"] == {"name": "purchase-likelihood", "version": serving["model_version"]}
    assert "reasons" not in answered["predictions"][0]


def test_the_answer_names_the_features_of_the_model_when_that_is_wished(endpoint: Endpoint) -> None:
    status, text = endpoint.ask('{"instances":[{}],"features":true}')
    assert status == 200
    assert json.loads(text)["model"]["features"] == endpoint.job.export.features
    assert set(endpoint.predictions([{}])["model"]) == {"name", "version"}


def test_reasons_add_up_to_the_margin_and_come_strongest_first(endpoint: Endpoint) -> None:
    model = load_model(endpoint.job.export.base / "model")
    instances = endpoint.instances(20)
    answered = endpoint.predictions(instances, reasons=True)["predictions"]
    rows = np.array(endpoint.rows()[:20], np.float32)
    margins = model.booster.inplace_predict(rows, predict_type="margin")
    sums = [sum(reason["contribution"] for reason in one["reasons"]) for one in answered]
    # What is left is the same for all: the base.
    assert np.ptp(margins - np.array(sums)) < 1e-4
    for one, instance in zip(answered, instances, strict=True):
        strengths = [abs(reason["contribution"]) for reason in one["reasons"]]
        assert strengths == sorted(strengths, reverse=True)
        assert all(reason["value"] == instance[reason["feature"]] for reason in one["reasons"])


def test_accept_chooses_the_form_of_the_answer(endpoint: Endpoint) -> None:
    row = csv_line(endpoint.rows()[0])
    status, text = endpoint.ask(row, CSV, accept="application/json")
    as_csv = endpoint.ask(json.dumps({"instances": [endpoint.instances(1)[0]]}), accept=CSV)
    assert (status, as_csv[0]) == (200, 200)
    assert json.loads(text)["predictions"][0]["score"] == float(as_csv[1])


WRONG: dict[str, tuple[str | bytes, str, str]] = {
    "unknown feature": (
        '{"instances":[{"recency_day":3}]}',
        JSON,
        "recency_day is not a feature of this model; did you mean recency_days?",
    ),
    "text": ('{"instances":[{"noise":"3"}]}', JSON, 'noise is "3"; it must be a number or null.'),
    "true": ('{"instances":[{"noise":true}]}', JSON, "noise is true; it must be a number or null."),
    "NaN": ('{"instances":[{"noise":NaN}]}', JSON, "The body is not JSON: NaN is no number"),
    "too large": ('{"instances":[{"noise":1e39}]}', JSON, "must be a number of 32 bits."),
    "no instances": ('{"instances":[]}', JSON, 'The body needs "instances"'),
    "no object": ('{"instances":[[1]]}', JSON, "Instance 1 is not an object of features."),
    "no boolean either": (
        '{"instances":[{}],"features":"all"}',
        JSON,
        '"features" must be true or false.',
    ),
    "no boolean": ('{"instances":[{}],"reasons":1}', JSON, '"reasons" must be true or false.'),
    "no JSON": ("{", JSON, "The body is not JSON"),
    "deep": ("[" * 100_000, JSON, "The body is not JSON"),
    "few columns": ("1,2\n", CSV, "The body has rows of 2 columns where 6 are wanted"),
    "no number": ("1,2,x,4,5,6\n", CSV, "The body has 'x' as view_share, which is not a number."),
    "nan in CSV": ("1,2,nan,4,5,6\n", CSV, "view_share is nan in row 1: not a finite number"),
    "nothing": ("", CSV, "The body is empty."),
    "no text": (b"\xff\xfe\x00", CSV, "The body "),
    "another type": ("<a/>", "text/xml", "The content type is text/xml; application/json and"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_question_that_cannot_be_answered_is_told_why(endpoint: Endpoint, case: str) -> None:
    body, kind, sentence = WRONG[case]
    status, text = endpoint.ask(body, kind)
    assert (status, sentence in json.loads(text)["error"]) == (400, True), text


def test_a_body_beyond_the_limit_and_an_unknown_path_are_refused(endpoint: Endpoint) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=30)
    connection.putrequest("POST", "/invocations")
    connection.putheader("content-length", str(MAX_BODY_BYTES + 1))
    connection.endheaders()
    # Before a byte of it is sent.
    assert connection.getresponse().status == 413
    connection.close()
    assert endpoint.ask("", path="/models")[0] == 404


def test_single_users_are_answered_while_a_batch_runs(endpoint: Endpoint) -> None:
    line = csv_line(endpoint.rows()[0])
    batch = "\n".join([line] * 100_000)
    assert len(batch) > ASIDE_BYTES
    with ThreadPoolExecutor() as pool:
        large = pool.submit(endpoint.ask, batch, CSV)
        alone = 0
        while not large.done():
            assert endpoint.ask(line, CSV)[0] == 200
            alone += 1
        status, text = large.result()
    assert status == 200
    assert len(set(text.splitlines())) == 1
    assert text.count("\n") == 100_000
    assert alone > 1


def test_sigterm_lets_what_was_asked_be_answered(trained: Job) -> None:
    port = free_port()
    process = start("serve", trained.export.base, SAGEMAKER_BIND_TO_PORT=str(port))
    wait_for_ping(port, process)
    endpoint = Endpoint(trained, port, process)
    batch = "\n".join(map(csv_line, endpoint.rows() * 10))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/invocations", batch, {"content-type": CSV})
    process.send_signal(signal.SIGTERM)
    response = connection.getresponse()
    assert (response.status, response.read().count(b"\n")) == (200, len(endpoint.rows()) * 10)
    connection.close()
    process.communicate(timeout=30)
    assert process.returncode in (0, -signal.SIGTERM)


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


DAMAGE: dict[str, Callable[[Path], None]] = {
    "half of model.json": lambda folder: truncate(folder / "model.json"),
    "no model.json": lambda folder: (folder / "model.json").unlink(),
    "half of serving.json": lambda folder: truncate(folder / "serving.json"),
    "no serving.json": lambda folder: (folder / "serving.json").unlink(),
    "other features": lambda folder: change(folder, features=["a", "b"]),
    "no calibration": lambda folder: change(folder, calibration={"kind": "isotonic"}),
    "another format": lambda folder: change(folder, format=2),
}
SENTENCES = {
    "half of model.json": "model.json is damaged: ",
    "no model.json": "model.json is not there; is the archive a model of `train`?",
    "half of serving.json": "serving.json is damaged: ",
    "no serving.json": "serving.json is not there; is the archive a model of `train`?",
    "other features": "model.json takes 6 features and serving.json names 2.",
    "no calibration": "is damaged: 'x'",
    "another format": "serving.json has another format than 1",
}


def change(folder: Path, **values: object) -> None:
    file = folder / "serving.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | values), "utf-8")


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_model_is_not_served(trained: Job, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(trained.export.base / "model", folder)
    DAMAGE[damage](folder)
    with pytest.raises(Problem) as raised:
        load_model(folder)
    assert SENTENCES[damage] in str(raised.value)


def test_serve_ends_with_a_sentence_when_there_is_no_model(tmp_path: Path) -> None:
    process = start("serve", tmp_path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"serve: {tmp_path}/model/serving.json is not there" in errors
