"""How near a trained model comes to the true propensity, for bench/ml/propensity.ts.

    "$(sh ml/image/install.sh)/bin/python" bench/ml/propensity.py <folder>

The folder has the files of an export in `export/` and, in `chances.csv`, labels and true chances of the test rows in
their order. Trains three times with ml/image: as it is, with labels dealt out anew, and with a feature that knows the
label. Prints JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet

IMAGE = Path(__file__).parents[2] / "ml/image"
sys.path.insert(0, str(IMAGE))

from purchase_model.baselines import baseline_scores  # noqa: E402
from purchase_model.channels import load_channel  # noqa: E402
from purchase_model.manifest import load_manifest  # noqa: E402
from purchase_model.scores import auc_of, figures_of, judge  # noqa: E402

SPLITS = ("train", "validation", "test")
REPLICATES = 200
Change = Callable[[np.random.Generator, list[str]], list[str]]


def train(export: Path, base: Path, change: Change | None = None, leak: str = "") -> dict[str, Any]:
    """A training job on the channels of the export, their lines changed; returns metrics.json."""
    done = base / "model/metrics.json"
    if done.exists():
        return dict(json.loads(done.read_text()))
    shutil.rmtree(base, ignore_errors=True)
    data = base / "input/data"
    manifest = json.loads((export / "manifest/manifest.json").read_text())
    random = np.random.default_rng(1)
    for split in SPLITS:
        if change is None:
            shutil.copytree(export / split, data / split)
            continue
        (data / split).mkdir(parents=True)
        files = sorted((export / split).glob("*.csv"))
        lines = [line for file in files for line in file.read_text().splitlines()]
        (data / split / "rows.csv").write_text("\n".join(change(random, lines)) + "\n")
        # The hashes are of other files.
        manifest["splits"][split]["files"] = []
    if leak:
        manifest["features"].append(leak)
    (data / "manifest").mkdir()
    (data / "manifest/manifest.json").write_text(json.dumps(manifest))
    environment = {
        **os.environ,
        "SAGEMAKER_BASE_DIR": str(base),
        "MILLRACE_ML_PYTHON": sys.executable,
    }
    subprocess.run([IMAGE / "bin/train"], env=environment, stdout=sys.stderr, check=True)
    metrics: dict[str, Any] = json.loads(done.read_text())
    return metrics


def shuffle_labels(random: np.random.Generator, lines: list[str]) -> list[str]:
    parts = [line.split(",", 1) for line in lines]
    order = random.permutation(len(parts))
    return [f"{parts[other][0]},{part[1]}" for part, other in zip(parts, order, strict=True)]


def plant_leak(random: np.random.Generator, lines: list[str]) -> list[str]:
    """A count that looks like any other feature, and nearly always tells the label."""
    noise = random.normal(0, 0.2, len(lines))
    return [f"{line},{int(line[0]) + one:.4f}" for line, one in zip(lines, noise, strict=True)]


def interval(values: np.ndarray) -> dict[str, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return {"low": float(low), "high": float(high)}


def recency_frequency(folder: Path) -> np.ndarray:
    """What that baseline says of the test rows, as the job fitted it."""
    export = folder / "export"
    manifest = load_manifest(export / "manifest")
    rows = load_channel("test", export / "test", manifest, lambda: None)
    serving = json.loads((folder / "job/model/serving.json").read_text())
    return baseline_scores(serving["baselines"], rows, manifest)["recency_frequency"]


def compare(scores: dict[str, np.ndarray], labels: np.ndarray, users: np.ndarray) -> dict[str, Any]:
    """ROC-AUC of each, with intervals of the same replicates.

    Users are drawn, and all their rows with them: rows of a user at several instants tell much the same.
    """
    random = np.random.default_rng(1)
    known, user_of_row = np.unique(users, return_inverse=True)
    judged = {name: judge(one, labels) for name, one in scores.items()}
    orders = {name: np.argsort(-one, kind="stable") for name, one in scores.items()}
    values = {name: auc_of(one, labels) for name, one in scores.items()}
    drawn: dict[str, list[float]] = {name: [] for name in scores}
    for _ in range(REPLICATES):
        times = np.bincount(random.integers(0, len(known), len(known)), minlength=len(known))
        weights = times[user_of_row].astype(np.float64)
        for name, one in judged.items():
            drawn[name].append(figures_of(one, weights[orders[name]])["roc_auc"])
    model, best, baseline = (np.array(drawn[name]) for name in ("model", "best", "baseline"))
    return {
        "roc_auc": {"value": values["model"], **interval(model)},
        "best_possible": {"value": values["best"], **interval(best)},
        "share_of_best": {"value": values["model"] / values["best"], **interval(model / best)},
        "recency_frequency": {"value": values["baseline"], **interval(baseline)},
        "advantage": {
            "value": values["model"] - values["baseline"],
            **interval(model - baseline),
        },
    }


def main() -> None:
    folder = Path(sys.argv[1])
    export = folder / "export"
    metrics = train(export, folder / "job")
    known = np.loadtxt(folder / "job/output/data/test-scores.csv", delimiter=",")
    labels = known[:, 0]
    true = np.loadtxt(folder / "chances.csv", delimiter=",")
    files = sorted((export / "parquet/test").glob("*.parquet"))
    users = np.concatenate([parquet.read_table(file)["user_id"].to_numpy() for file in files])
    if not np.array_equal(true[:, 0], labels) or len(users) != len(labels):
        raise SystemExit(f"{len(true)} chances are not of the {len(labels)} rows that were scored")
    scores = {"model": known[:, 1], "best": true[:, 1], "baseline": recency_frequency(folder)}
    shuffled = train(export, folder / "shuffled", shuffle_labels)
    leaking = train(export, folder / "leaking", plant_leak, "planted_leak")
    print(
        json.dumps(
            {
                **compare(scores, labels, users),
                "splits": metrics["data"]["splits"],
                "features": len(metrics["data"]["features"]),
                "test": metrics["test"],
                "mean_chance": float(true[:, 1].mean()),
                "shuffled_roc_auc": shuffled["test"]["model"]["roc_auc"],
                "leak": {
                    "roc_auc": leaking["test"]["model"]["roc_auc"]["value"],
                    "alarm": leaking["leak_alarm"],
                    "suspects": [one["feature"] for one in leaking["leak_suspects"]],
                    "alarm_without": metrics["leak_alarm"],
                },
                "importance": metrics["importance"][:10],
            }
        )
    )


if __name__ == "__main__":
    main()
