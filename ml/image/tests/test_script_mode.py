"""The same code inside SageMaker's own XGBoost image, which starts it in its own way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import script_mode
from purchase_model.problems import Problem

from .conftest import IMAGE, Job
from .export import csv_line, make_export


def test_nothing_is_packed_of_a_folder_that_lacks_something(tmp_path: Path) -> None:
    shutil.copytree(IMAGE / "bin", tmp_path / "image/bin")
    packing = subprocess.run([tmp_path / "image/bin/source", tmp_path / "a"], capture_output=True)
    assert packing.returncode != 0
    assert not (tmp_path / "a").exists()


def test_the_source_archive_trains_with_arguments_and_channels_of_that_image(
    tmp_path: Path,
) -> None:
    archive, code = tmp_path / "source.tar.gz", tmp_path / "code"
    subprocess.run([IMAGE / "bin/source", archive], check=True)
    first = archive.read_bytes()
    subprocess.run([IMAGE / "bin/source", archive], check=True)
    assert archive.read_bytes() == first
    with tarfile.open(archive) as packed:
        assert not [name for name in packed.getnames() if "requirements" in name or "test" in name]
        packed.extractall(code, filter="data")
    export = make_export(tmp_path / "elsewhere", train=600, other=300).write()
    environment = {
        "PATH": os.environ["PATH"],
        "SM_MODEL_DIR": str(tmp_path / "model"),
        "SM_OUTPUT_DATA_DIR": str(tmp_path / "data"),
        "SAGEMAKER_BASE_DIR": str(tmp_path / "base"),
        **{
            f"SM_CHANNEL_{name.upper()}": str(export.channel(name))
            for name in (*export.rows, "manifest")
        },
    }
    given = ["--max_trials", "1", "--num_round", "12", "--eta", "0.3", "--threads", "1"]
    done = subprocess.run(
        [sys.executable, "-B", "-m", "script_mode", *given],
        cwd=code,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "model/metrics.json").read_text("utf-8"))
    assert metrics["parameters"]["eta"] == 0.3
    assert "test:roc_auc=" in done.stdout


def test_its_four_functions_answer_as_serve_does(trained: Job) -> None:
    model = script_mode.model_fn(str(trained.export.base / "model"))
    rows = trained.export.rows["test"][:3, 1:].tolist()
    sent = script_mode.input_fn("\n".join(map(csv_line, rows)), "text/csv; charset=utf-8")
    body, kind = script_mode.output_fn(script_mode.predict_fn(sent, model), "text/csv")
    assert kind == "text/csv"
    written = (trained.export.base / "output/data/test-scores.csv").read_text("utf-8")
    assert body.decode().split() == [line.split(",")[1] for line in written.split()[:3]]
    asked = script_mode.input_fn(b'{"instances":[{}],"reasons":true}', "application/json")
    body, kind = script_mode.output_fn(script_mode.predict_fn(asked, model), "*/*")
    assert kind == "application/json"
    assert json.loads(body)["model"]["version"] == model.version


def test_arguments_that_are_no_pairs_are_told() -> None:
    with pytest.raises(Problem, match="must be --name value pairs"):
        script_mode.hyperparameters_from(["--eta"])
