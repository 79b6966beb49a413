"""Everything that metrics.json says of how good the model is, on the test rows: the latest, seen by nobody before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from .baselines import Baselines, baseline_features, baseline_scores
from .boosting import sample_of
from .calibration import Doubles
from .channels import Rows
from .manifest import Manifest
from .reference import spread_of, stability_index
from .scores import (
    auc_of,
    figures_of,
    gains_of,
    judge,
    reliability_of,
    values_of,
    with_intervals,
)

#: Nobody foresees purchases so well: beyond, a feature knows the future.
LEAK_AUC = 0.99
#: A single feature beyond this is named as a suspect.
SUSPECT_AUC = 0.95
#: Rows whose contributions are averaged into the importance.
CONTRIBUTION_ROWS = 2_000
SEGMENT_ROWS = 50


def evaluate(
    scores: Doubles,
    test: Rows,
    baselines: Baselines,
    manifest: Manifest,
    seed: int,
    check_stop: Callable[[], None],
) -> dict[str, Any]:
    """Figures of model and baselines with intervals, tables for the card, segments, and the leak alarm."""
    judged = judge(scores, test.labels)
    model = with_intervals(judged, seed, check_stop)
    return {
        "test": {
            "model": model,
            "baselines": {
                name: with_intervals(judge(one, test.labels), seed, check_stop)
                for name, one in baseline_scores(baselines, test, manifest).items()
            },
        },
        **leaks(values_of(model)["roc_auc"], test, manifest),
        "reliability": reliability_of(judged),
        "gains": gains_of(judged),
        "segments": segments(scores, test, manifest),
    }


def leaks(roc_auc: float, test: Rows, manifest: Manifest) -> dict[str, Any]:
    """The alarm, and the features that alone order the rows almost perfectly."""
    suspects = []
    for index, name in enumerate(manifest.features):
        auc = auc_of(test.features[:, index], test.labels)
        if max(auc, 1 - auc) > SUSPECT_AUC:
            suspects.append({"feature": name, "roc_auc": auc})
    return {"leak_alarm": roc_auc > LEAK_AUC, "leak_suspects": suspects}


def segments(scores: Doubles, test: Rows, manifest: Manifest) -> list[dict[str, Any]]:
    """Figures of users by how recent and how frequent they are: thirds of the test rows, and those not known."""
    found = []
    for name in baseline_features(manifest):
        column = test.features[:, manifest.features.index(name)].astype(np.float64)
        for text, chosen in _thirds(column):
            labels = test.labels[chosen]
            if len(labels) >= SEGMENT_ROWS:
                found.append(
                    {
                        "feature": name,
                        "segment": text,
                        "rows": len(labels),
                        "positives": int(labels.sum()),
                        **figures_of(judge(scores[chosen], labels)),
                    }
                )
    return found


def importance_of(booster: xgb.Booster, rows: Rows, manifest: Manifest) -> list[dict[str, Any]]:
    """Features by their mean absolute contribution to the log-odds (SHAP), the strongest first."""
    matrix = xgb.DMatrix(sample_of(rows, CONTRIBUTION_ROWS).features)
    contributions = booster.predict(matrix, pred_contribs=True)[:, :-1].astype(np.float64)
    means = np.abs(contributions).mean(axis=0)
    order = np.argsort(-means, kind="stable")
    return [{"feature": manifest.features[i], "contribution": float(means[i])} for i in order]


def reference_of(train: Rows, scores: Doubles, manifest: Manifest) -> dict[str, Any]:
    """Spread of every feature in the training rows, and of the scores in the test rows."""
    return {
        "features": {
            name: spread_of(train.features[:, index])
            for index, name in enumerate(manifest.features)
        },
        "score": spread_of(scores),
    }


def drift_of(
    reference: Mapping[str, Any], test: Rows, validation_scores: Doubles, manifest: Manifest
) -> dict[str, Any]:
    """Stability indexes: features from training to test rows, scores between validation and test rows."""
    features = [
        {
            "feature": name,
            "psi": stability_index(reference["features"][name], test.features[:, index]),
        }
        for index, name in enumerate(manifest.features)
    ]
    return {
        "features": sorted(features, key=lambda one: -float(str(one["psi"]))),
        "score": {"psi": stability_index(reference["score"], validation_scores)},
    }


def _thirds(column: Doubles) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    missing = np.isnan(column)
    known = column[~missing]
    parts: list[tuple[str, npt.NDArray[np.bool_]]] = []
    if len(known):
        low, high = (float(one) for one in np.quantile(known, [1 / 3, 2 / 3], method="lower"))
        parts += [
            (f"≤ {low:g}", column <= low),
            (f"> {low:g} and ≤ {high:g}", (column > low) & (column <= high)),
            (f"> {high:g}", column > high),
        ]
    return [*parts, ("missing", missing)]
