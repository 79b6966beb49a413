"""Trains a small model and records what it says of 500 rows, by the very code that serves it.

    "$(sh ml/image/install.sh)/bin/python" tests/goldens/ml/record.py

Writes model.json, serving.json and expected.json beside itself: {rows, margins, base, contributions, calibrated}. The
rows have missing values, and values that lie on a split or half a last bit beside it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from sklearn.isotonic import IsotonicRegression

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2] / "ml/image"))

from purchase_model.calibration import apply  # noqa: E402
from purchase_model.served_model import load_model  # noqa: E402

TRAINED, RECORDED = 4000, 500
FEATURES = [
    "recency_days", "sessions", "carts", "view_share", "amount", "is_weekend", "hour", "signed",
]  # fmt: skip


def draw(random: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Features of several scales, some missing, and labels."""
    columns = np.column_stack(
        [
            np.round(random.exponential(20, rows), 2),
            random.poisson(4, rows),
            random.poisson(1, rows),
            np.round(random.random(rows), 4),
            np.round(np.exp(random.normal(4, 2, rows)), 2),
            random.integers(0, 2, rows),
            random.integers(0, 24, rows),
            random.normal(0, 1e-3, rows),
        ]
    )
    z = -1 - 0.05 * columns[:, 0] + 0.3 * columns[:, 1] + columns[:, 2] * (columns[:, 3] - 0.5)
    z += 0.2 * np.log(columns[:, 4]) * columns[:, 5] + np.sign(columns[:, 7])
    columns[random.random(columns.shape) < 0.08] = np.nan
    z += np.where(np.isnan(columns[:, 3]), 0.8, 0)
    return columns.astype(np.float32), (random.random(rows) < 1 / (1 + np.exp(-z))).astype(float)


def put_on_splits(rows: np.ndarray, model: dict[str, Any], random: np.random.Generator) -> None:
    """Into some rows: the number that a split compares with, the next smaller and the next greater one."""
    trees = model["learner"]["gradient_booster"]["model"]["trees"]
    splits = [
        (feature, np.float32(threshold))
        for tree in trees
        for feature, threshold, left in zip(
            tree["split_indices"], tree["split_conditions"], tree["left_children"], strict=True
        )
        if left != -1
    ]
    for row in range(0, len(rows) // 2):
        feature, threshold = splits[random.integers(len(splits))]
        towards = np.float32([-np.inf, threshold, np.inf][row % 3])
        rows[row, feature] = np.nextafter(threshold, towards)


def plain(values: np.ndarray) -> list[Any]:
    """Numbers of 32 bits in as many digits as tell them apart; missing is null."""
    return [
        plain(value) if np.ndim(value) else None if np.isnan(value) else float(f"{value:.9g}")
        for value in values
    ]


def main() -> None:
    random = np.random.default_rng(11)
    features, labels = draw(random, TRAINED)
    settings = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.3, "nthread": 1, "seed": 3}
    booster = xgb.train(settings, xgb.QuantileDMatrix(features, labels), 30)
    text = bytes(booster.save_raw("json"))
    (HERE / "model.json").write_bytes(text + b"\n")

    margins = booster.inplace_predict(features, predict_type="margin").astype(np.float64)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(margins, labels)
    calibrations = [
        {
            "kind": "isotonic",
            "input": "margin",
            "x": isotonic.X_thresholds_.tolist(),
            "y": isotonic.y_thresholds_.tolist(),
        },
        {"kind": "platt", "input": "margin", "a": 0.9125, "b": -0.125},
        {"kind": "none", "input": "margin"},
    ]
    serving = {
        "format": 1,
        "model_name": "golden",
        "model_version": "0123456789abcdef",
        "features": FEATURES,
        "calibration": calibrations[0],
    }
    (HERE / "serving.json").write_text(json.dumps(serving, indent=1) + "\n")

    rows, _ = draw(random, RECORDED)
    put_on_splits(rows, json.loads(text), random)
    rows[-1] = np.nan
    served = load_model(HERE)
    recorded = served.booster.inplace_predict(rows, predict_type="margin")
    assert np.allclose(served.scores(rows), isotonic.predict(recorded.astype(np.float64)))
    contributions = served.booster.predict(xgb.DMatrix(rows), pred_contribs=True)
    assert np.array_equal(contributions[:, :-1], served.contributions(rows))
    expected = {
        "rows": plain(rows),
        "margins": plain(recorded),
        "base": plain(contributions[:1, -1])[0],
        "contributions": plain(contributions[:, :-1]),
        "calibrated": [
            {"calibration": one, "scores": [round(float(p), 12) for p in apply(one, recorded)]}
            for one in calibrations
        ],
    }
    lines = ",\n".join(
        f'"{key}": {json.dumps(value, separators=(",", ":"))}' for key, value in expected.items()
    )
    (HERE / "expected.json").write_text(f"{{{lines}}}\n")


if __name__ == "__main__":
    main()
