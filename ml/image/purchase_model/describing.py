"""What is written of a model that was grown: calibration, figures, references, cards.

The same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
import xgboost as xgb

from .artifacts import rounded, to_json, version_of
from .baselines import fit_baselines
from .boosting import Grown
from .calibrating import calibrate
from .calibration import Doubles, apply
from .card import card_markdown
from .channels import Rows
from .evaluation import drift_of, evaluate, importance_of, reference_of
from .hyperparameters import Hyperparameters
from .manifest import Manifest
from .page import card_html
from .scores import values_of
from .telemetry import print_metrics
from .tuning import Tuning


@dataclass(frozen=True)
class Made:
    """A model and everything that it came from."""

    model_name: str
    manifest: Manifest
    data: Mapping[str, Any]
    rows: Mapping[str, Rows]
    hyperparameters: Hyperparameters
    tuning: Tuning
    grown: Grown
    warnings: list[str]


def describe(made: Made, check_stop: Callable[[], None]) -> tuple[dict[str, bytes], Doubles]:
    """The files of the model by their name, and the scores of the test rows."""
    booster = made.grown.kept()
    validation, test = made.rows["validation"], made.rows["test"]
    margins = booster.inplace_predict(validation.features, predict_type="margin")
    calibration, losses = calibrate(
        margins.astype(np.float64), validation.labels.astype(np.float64)
    )
    scores = apply(calibration, booster.inplace_predict(test.features, predict_type="margin"))
    baselines = fit_baselines(made.rows["train"], made.manifest)
    reference = reference_of(made.rows["train"], scores, made.manifest)
    model = bytes(booster.save_raw("json"))
    names = {
        "format": 1,
        "model_name": made.model_name,
        "model_version": version_of(model, to_json(calibration), to_json(made.data)),
    }
    metrics = rounded(
        {
            **names,
            **_origin(made),
            "calibration": {"kind": calibration["kind"], "logloss_by_kind": losses},
            **evaluate(
                scores, test, baselines, made.manifest, made.hyperparameters.seed, check_stop
            ),
            "importance": importance_of(booster, test, made.manifest),
            "drift": drift_of(reference, test, apply(calibration, margins), made.manifest),
            "warnings": made.warnings,
        }
    )
    print_metrics(
        {f"test:{name}": one for name, one in values_of(metrics["test"]["model"]).items()}
    )
    serving = {
        **names,
        "features": list(made.manifest.features),
        "calibration": calibration,
        "baselines": baselines,
        "reference": reference,
    }
    files = {
        "model.json": model,
        "serving.json": to_json(serving),
        "metrics.json": to_json(metrics),
        "card.md": card_markdown(metrics).encode(),
        "card.html": card_html(metrics).encode(),
    }
    return files, scores


def _origin(made: Made) -> dict[str, Any]:
    return {
        "data": made.data,
        "parameters": {
            "seed": made.hyperparameters.seed,
            "num_round": made.grown.best,
            "rounds_grown": len(made.grown.losses),
            "early_stopping_rounds": made.hyperparameters.early_stopping_rounds,
            **made.tuning.settings,
        },
        "tuning": {
            "trials": made.tuning.trials,
            "best": made.tuning.best,
            "cut_short": made.tuning.cut_short,
        },
        "validation": {"logloss": min(made.grown.losses)},
        "libraries": {
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "xgboost": xgb.__version__,
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
        },
    }


def data_of(manifest: Manifest, rows: Mapping[str, Rows]) -> dict[str, Any]:
    """What the model was made from, as metrics.json tells it."""
    return {
        "snapshot_id": manifest.snapshot_id,
        "sql_hash": manifest.sql_hash,
        "label": manifest.label,
        "horizon_days": manifest.horizon_days,
        "features": list(manifest.features),
        "splits": {
            name: {
                "rows": len(rows[name]),
                "positives": int(rows[name].labels.sum()),
                "as_of_from": split.as_of_from,
                "as_of_to": split.as_of_to,
                "sha256": _hash_of(rows[name]),
            }
            for name, split in manifest.splits.items()
        },
    }


def _hash_of(rows: Rows) -> str:
    """Of the numbers themselves: the same for CSV and Parquet, and whatever the files are called."""
    digest = hashlib.sha256(rows.features.data)
    digest.update(rows.labels.data)
    return digest.hexdigest()


def scores_csv(test: Rows, scores: Doubles) -> bytes:
    """label,score of each test row in its order: what two models are compared by, row for row."""
    lines = [
        f"{int(label)},{score!r}" for label, score in zip(test.labels, scores.tolist(), strict=True)
    ]
    return ("\n".join(lines) + "\n").encode()
