"""Trains 200 trees of depth 6 and writes what Python says of random rows, for bench/ml-evaluate.ts.

    "$(sh ml/image/install.sh)/bin/python" bench/ml/evaluate.py <folder> [rows] [explained rows]

Into the folder: model.json and serving.json as `train` writes them; rows.f32, scores.f64 and contributions.f32 (the
base last), numbers one after the other. Half of the rows are drawn like those that were trained on, half from anywhere;
a value in twelve is missing. Prints, as JSON, the rows a second of one thread.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import xgboost as xgb

sys.path.insert(0, str(Path(__file__).parents[2] / "ml/image"))

from purchase_model.calibrating import calibrate
from purchase_model.served_model import load_model

FEATURES, TREES, DEPTH, TRAINED = 40, 200, 6, 100_000


def draw(random: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Features as users have them (counts, days, shares, amounts), some missing, and labels."""
    counts = random.poisson(random.gamma(0.8, 5, (rows, 12))).astype(np.float64)
    days = np.round(random.exponential(20, (rows, 6)), 2)
    shares = np.round(random.random((rows, 12)), 4)
    amounts = np.round(np.exp(random.normal(3, 1, (rows, FEATURES - 30))), 2)
    z = -2 - 0.04 * days[:, 0] + 0.5 * np.log1p(counts[:, 0]) + np.sin(9 * shares[:, 0])
    z += 0.5 * (np.log(amounts[:, 0]) - 3) * (shares[:, 1] - 0.5) * np.log1p(counts[:, 1])
    columns = np.concatenate([counts, days, shares, amounts], axis=1)
    columns[random.random(columns.shape) < 1 / 12] = np.nan
    return columns.astype(np.float32), (random.random(rows) < 1 / (1 + np.exp(-z))).astype(float)


def train(folder: Path, random: np.random.Generator) -> None:
    features, labels = draw(random, TRAINED)
    settings = {"objective": "binary:logistic", "max_depth": DEPTH, "eta": 0.1, "seed": 7}
    booster = xgb.train(settings, xgb.QuantileDMatrix(features, labels), TREES)
    margins = booster.inplace_predict(features, predict_type="margin").astype(np.float64)
    calibration, _ = calibrate(margins, labels)
    serving = {
        "format": 1,
        "model_name": "bench",
        "model_version": "1",
        "features": [f"feature_{index}" for index in range(FEATURES)],
        "calibration": calibration,
    }
    (folder / "model.json").write_bytes(bytes(booster.save_raw("json")))
    (folder / "serving.json").write_text(json.dumps(serving))


def main() -> None:
    folder = Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    explained = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000
    random = np.random.default_rng(23)
    train(folder, random)
    near, _ = draw(random, count // 2)
    anywhere = random.normal(0, 30, (count - len(near), FEATURES)).astype(np.float32)
    anywhere[random.random(anywhere.shape) < 1 / 12] = np.nan
    rows = np.concatenate([near, anywhere])
    random.shuffle(rows)
    model = load_model(folder)
    started = time.perf_counter()
    scores = model.scores(rows)
    scored = time.perf_counter()
    matrix = xgb.DMatrix(rows[:explained], nthread=1)
    contributions = model.booster.predict(matrix, pred_contribs=True)
    ended = time.perf_counter()
    rows.tofile(folder / "rows.f32")
    scores.tofile(folder / "scores.f64")
    contributions.tofile(folder / "contributions.f32")
    rates = {"scored": count / (scored - started), "explained": explained / (ended - scored)}
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
