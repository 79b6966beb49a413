"""What a training leaves behind, and that it leaves the same whatever happens to it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from purchase_model.hyperparameters import TREE_SETTINGS
from purchase_model.scores import auc_of
from purchase_model.train import main

from .conftest import IMAGE, Job, start
from .export import LABEL, Export, make_export


def run(export: Export, monkeypatch: pytest.MonkeyPatch) -> int:
    """A training in this process, for want of seconds."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(export.base))
    return main()


def metrics_of(export: Export) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((export.base / "model/metrics.json").read_text("utf-8"))
    return value


def files_of(base: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (base / "model").iterdir()}


def test_the_archive_holds_model_serving_metrics_and_cards(trained: Job) -> None:
    assert sorted(trained.model()) == [
        "card.html",
        "card.md",
        "metrics.json",
        "model.json",
        "serving.json",
    ]
    serving = json.loads(trained.model()["serving.json"])
    assert serving["features"] == trained.export.features
    assert set(serving["reference"]["features"]) == set(trained.export.features)
    assert not (trained.export.base / "output/failure").exists()


def test_the_model_comes_near_the_best_possible_and_beats_both_baselines(trained: Job) -> None:
    metrics = metrics_of(trained.export)
    model, baselines = metrics["test"]["model"], metrics["test"]["baselines"]
    best = auc_of(trained.export.chances["test"], trained.export.rows["test"][:, 0])
    assert model["roc_auc"]["value"] >= 0.97 * best
    assert model["ece"]["value"] <= 0.03
    for baseline in ("prior", "recency_frequency"):
        assert model["roc_auc"]["low"] > baselines[baseline]["roc_auc"]["high"]
        assert model["logloss"]["high"] < baselines[baseline]["logloss"]["low"]
    assert metrics["leak_alarm"] is False


def test_every_metric_definition_finds_its_figure_in_the_output(trained: Job) -> None:
    definitions = json.loads((IMAGE / "metric-definitions.json").read_text("utf-8"))
    found = {
        one["Name"]: [float(text) for text in re.findall(one["Regex"], trained.output)]
        for one in definitions
    }
    for name, figure in metrics_of(trained.export)["test"]["model"].items():
        assert found[f"test:{name}"] == [pytest.approx(figure["value"], rel=1e-4)]
    assert len(found["trial:logloss"]) == 3
    assert min(found["validation:logloss"]) == found["validation:logloss"][-1]


def test_the_same_data_and_seed_give_the_same_bytes_with_other_threads_and_from_parquet(
    trained: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = make_export(tmp_path, train=9000, other=6000)
    columns = [LABEL, *export.features]
    for name, rows in export.rows.items():
        file = export.channel(name) / f"part-{name}.parquet"
        file.parent.mkdir(parents=True)
        # Beside them lies what no feature is, as the export writes it.
        table = pa.table([pa.array(row, from_pandas=True) for row in rows.T], names=columns)
        table = table.append_column("user_id", pa.array(range(len(rows))))
        parquet.write_table(table, file)
    manifest = json.loads(json.dumps(trained.export.manifest))
    for split in manifest["splits"].values():
        split["files"] = []
    file = export.channel("manifest") / "manifest.json"
    file.parent.mkdir()
    file.write_text(json.dumps(manifest), "utf-8")
    export.hyperparameters(seed=3, max_trials=3, num_round=200, threads=1)
    assert run(export, monkeypatch) == 0
    assert files_of(tmp_path) == trained.model()


def test_a_training_that_was_stopped_and_killed_ends_as_if_nothing_had_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"max_trials": 2, "num_round": 260, "early_stopping_rounds": 260, "threads": 1}
    calm = make_export(tmp_path / "calm", train=1500, other=400).write()
    calm.hyperparameters(**settings)
    assert run(calm, monkeypatch) == 0

    export = make_export(tmp_path / "ended", train=1500, other=400).write()
    export.hyperparameters(**settings)
    stopped = start("train", export.base)
    rounds = wait_for_rounds(export.base, 0, stopped)
    stopped.send_signal(signal.SIGTERM)
    stopped.communicate(timeout=60)
    assert stopped.returncode == 143
    assert "Stopped by SIGTERM" in (export.base / "output/failure").read_text("utf-8")
    assert not (export.base / "model").exists()

    killed = start("train", export.base)
    wait_for_rounds(export.base, rounds, killed)
    killed.kill()
    assert killed.communicate(timeout=60) is not None
    assert killed.returncode == -signal.SIGKILL

    assert run(export, monkeypatch) == 0
    assert files_of(export.base) == files_of(calm.base)
    assert not (export.base / "output/failure").exists()


def wait_for_rounds(base: Path, more_than: int, process: subprocess.Popen[str]) -> int:
    file = base / "checkpoints/checkpoint.json"
    while process.poll() is None:
        rounds = len(json.loads(file.read_text("utf-8"))["losses"]) if file.exists() else 0
        if rounds > more_than:
            return rounds
        time.sleep(0.01)
    raise AssertionError("the training was over before a checkpoint was seen")


def test_with_shuffled_labels_the_auc_is_that_of_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = make_export(tmp_path, train=6000, other=8000)
    random = np.random.default_rng(5)
    for rows in export.rows.values():
        random.shuffle(rows[:, 0])
    export.write().hyperparameters(max_trials=1, num_round=60, threads=1)
    assert run(export, monkeypatch) == 0
    assert metrics_of(export)["test"]["model"]["roc_auc"]["value"] == pytest.approx(0.5, abs=0.02)


def test_a_planted_leak_raises_the_alarm_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = make_export(tmp_path, train=1500, other=800)
    random = np.random.default_rng(5)
    for name, rows in export.rows.items():
        leak = rows[:, :1] + 0.1 * random.normal(size=(len(rows), 1))
        export.rows[name] = np.hstack([rows, leak])
    export.features.append("basket_after")
    export.write().hyperparameters(max_trials=1, num_round=30, threads=1)
    assert run(export, monkeypatch) == 0
    metrics = metrics_of(export)
    assert metrics["leak_alarm"] is True
    assert [one["feature"] for one in metrics["leak_suspects"]] == ["basket_after"]
    for card in ("card.md", "card.html"):
        assert "Leak alarm" in (tmp_path / "model" / card).read_text("utf-8")


def test_the_card_tells_data_figures_segments_and_limits_and_has_four_plots(trained: Job) -> None:
    markdown = trained.model()["card.md"].decode()
    for heading in ("Data", "By segment", "Reliability", "Drift", "Made from", "Limits"):
        assert f"## {heading}\n" in markdown
    assert "| recency_days | ≤ " in markdown
    page = trained.model()["card.html"].decode()
    titles = re.findall(r'<svg role="img" aria-label="(\w+)"', page)
    assert titles == ["Reliability", "Lift", "Importance", "Drift"]
    assert not re.search(r"<script|<link|https?:", page)


def test_time_ends_the_search_for_settings_and_metrics_tell_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = make_export(tmp_path, train=2000, other=400).write()
    export.hyperparameters(max_trials=200, tuning_seconds=1, num_round=40, max_depth=4, threads=1)
    assert run(export, monkeypatch) == 0
    metrics = metrics_of(export)
    assert metrics["tuning"]["cut_short"] is True
    assert 1 <= len(metrics["tuning"]["trials"]) < 200
    assert metrics["parameters"]["max_depth"] == 4


def test_a_search_that_time_ended_stays_ended_when_the_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"num_round": 260, "early_stopping_rounds": 260, "threads": 1}
    export = make_export(tmp_path / "ended", train=1500, other=400).write()
    export.hyperparameters(max_trials=200, tuning_seconds=1, **settings)
    killed = start("train", export.base)
    wait_for_rounds(export.base, 0, killed)
    killed.kill()
    killed.communicate(timeout=60)
    checkpoint = json.loads((export.base / "checkpoints/checkpoint.json").read_text("utf-8"))

    assert run(export, monkeypatch) == 0
    metrics = metrics_of(export)
    assert len(metrics["tuning"]["trials"]) == len(checkpoint["trial_losses"])
    assert metrics["tuning"]["cut_short"] is True

    # All trees are of the settings that are named, not only those after the kill.
    calm = make_export(tmp_path / "calm", train=1500, other=400).write()
    chosen = {name: metrics["parameters"][name] for name in TREE_SETTINGS}
    calm.hyperparameters(max_trials=1, **settings, **chosen)
    assert run(calm, monkeypatch) == 0
    assert files_of(calm.base)["model.json"] == files_of(export.base)["model.json"]
