"""Trains on many rows as SageMaker would, and prints time, memory and how near the model comes to the best possible.

    "$(sh ml/image/install.sh)/bin/python" bench/ml/train.py [rows] [--keep folder]

The rows are drawn from a known chance to buy, so that the best ROC-AUC anybody can reach is known. Test and validation
rows are a tenth of the training rows each. Only the run of `train` is measured, from start to exit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

IMAGE = Path(__file__).parents[2] / "ml/image"
FEATURES = 40
CHUNK_ROWS = 100_000


def draw(random: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Features as users have them (counts, days, shares, amounts), some missing, and the true chances."""
    counts = random.poisson(random.gamma(0.8, 5, (rows, 12))).astype(np.float64)
    days = np.round(random.exponential(20, (rows, 6)), 2)
    shares = np.round(random.random((rows, 12)), 4)
    amounts = np.round(np.exp(random.normal(3, 1, (rows, FEATURES - 30))), 2)
    z = -3.2 - 0.04 * days[:, 0] + 0.5 * np.log1p(counts[:, 0]) + 0.3 * np.log1p(counts[:, 1])
    z += 2 * (shares[:, 0] - 0.5) + 2 * (shares[:, 1] - 0.5) * (counts[:, 2] > 2)
    z += 0.4 * np.sin(6 * shares[:, 2]) + 0.3 * (np.log(amounts[:, 0]) - 3) * (shares[:, 3] - 0.5)
    z += np.where(days[:, 1] < 7, 0.5, 0) * np.log1p(counts[:, 3])
    columns = np.concatenate([counts, days, shares, amounts], axis=1)
    columns[random.random(columns.shape) < 0.02] = np.nan
    return columns, 1 / (1 + np.exp(-z))


def write(base: Path, rows: int) -> np.ndarray:
    """Lays out the channels of a training job; returns the true chances of the test rows."""
    random = np.random.default_rng(7)
    names = [f"count_{i}" for i in range(12)] + [f"days_since_{i}" for i in range(6)]
    names += [f"share_{i}" for i in range(12)] + [f"amount_{i}" for i in range(FEATURES - 30)]
    splits = {}
    for name, size in (("train", rows), ("validation", rows // 10), ("test", rows // 10)):
        file = base / f"input/data/{name}/{name}.csv"
        file.parent.mkdir(parents=True)
        chances, positives = [], 0
        with file.open("wb") as sink:
            for start in range(0, size, CHUNK_ROWS):
                columns, chance = draw(random, min(CHUNK_ROWS, size - start))
                labels = random.random(len(chance)) < chance
                positives += int(labels.sum())
                chances.append(chance)
                arrays = [pa.array(labels.astype(np.int8))]
                arrays += [pa.array(column, from_pandas=True) for column in columns.T]
                table = pa.table(arrays, names=["label", *names])
                csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        splits[name] = {
            "rows": size,
            "positives": positives,
            "as_of_from": "2024-01-01T00:00:00Z",
            "as_of_to": "2024-02-01T00:00:00Z",
            "files": [{"path": f"{name}/{file.name}", "sha256": digest, "rows": size}],
        }
    manifest = {
        "format": 1,
        "snapshot_id": 1,
        "sql_hash": "0" * 64,
        "features": names,
        "label": "purchased_within_7_days",
        "horizon_days": 7,
        "baseline_features": ["days_since_0", "count_0"],
        "splits": splits,
    }
    folder = base / "input/data/manifest"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return np.concatenate(chances)


def train(base: Path) -> float:
    """Runs `train`; returns seconds. Its log goes to stderr."""
    environment = {
        **os.environ,
        "SAGEMAKER_BASE_DIR": str(base),
        "MILLRACE_ML_PYTHON": sys.executable,
    }
    started = time.monotonic()
    subprocess.run([IMAGE / "bin/train"], env=environment, stdout=sys.stderr, check=True)
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--keep", type=Path, help="write the data here, or take what is here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = given.keep or Path(folder)
        known = base / "chances.npy"
        if not known.exists():
            chances = write(base, given.rows)
            np.save(known, chances)
        chances = np.load(known)
        (base / "checkpoints/checkpoint.json").unlink(missing_ok=True)
        seconds = train(base)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        metrics = json.loads((base / "model/metrics.json").read_text())
        labels = np.loadtxt(base / "output/data/test-scores.csv", delimiter=",", usecols=0)
        sys.path.insert(0, str(IMAGE))
        from purchase_model.scores import auc_of

        best = auc_of(chances, labels)
        figures = metrics["test"]["model"]
        reached = figures["roc_auc"]["value"]
        print(
            json.dumps(
                {
                    "rows": metrics["data"]["splits"]["train"]["rows"],
                    "features": len(metrics["data"]["features"]),
                    "seconds": round(seconds, 1),
                    "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
                    "peak_megabytes": round(used.ru_maxrss / 1024),
                    "rounds": metrics["parameters"]["num_round"],
                    "roc_auc": reached,
                    "best_possible_roc_auc": round(best, 6),
                    "share_of_best": round(reached / best, 4),
                    "ece": figures["ece"]["value"],
                }
            )
        )


if __name__ == "__main__":
    main()
