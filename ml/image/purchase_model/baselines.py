"""What the model has to beat: the share of buyers, and a logistic regression of how recent and how frequent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from .calibration import Doubles
from .channels import Rows
from .manifest import Manifest
from .table import Floats

#: As it stands in serving.json.
Baselines = Mapping[str, Any]

_RECENT = re.compile(r"recency|days_since|hours_since|since_last")
_FREQUENT = re.compile(r"frequency|sessions|purchases|visits|orders|events")


def baseline_features(manifest: Manifest) -> tuple[str, ...]:
    """The manifest's own, else the first feature that is called like a recency and the first like a frequency."""
    if manifest.baseline_features:
        return manifest.baseline_features
    recent = [name for name in manifest.features if _RECENT.search(name)]
    frequent = [name for name in manifest.features if _FREQUENT.search(name) and name not in recent]
    return (*recent[:1], *frequent[:1])


def fit_baselines(train: Rows, manifest: Manifest) -> Baselines:
    """`recency_frequency` is left out when no feature is called like one of them."""
    prior = float(train.labels.mean(dtype=np.float64))
    names = baseline_features(manifest)
    if not names:
        return {"prior": prior}
    means, scales, columns = [], [], []
    for name in names:
        values = _logarithms(train.features, manifest, name)
        mean = float(np.nanmean(values))
        filled = np.where(np.isnan(values), mean, values)
        scale = float(filled.std()) or 1.0
        means.append(mean)
        scales.append(scale)
        columns.append((filled - mean) / scale)
    fitted = LogisticRegression(C=1e6).fit(np.column_stack(columns), train.labels)
    return {
        "prior": prior,
        "recency_frequency": {
            "features": list(names),
            # sign(x)·log(1 + |x|), then (… − mean) / scale; missing is the mean.
            "transform": "signed_log1p",
            "means": means,
            "scales": scales,
            "coefficients": [float(one) for one in fitted.coef_[0]],
            "intercept": float(fitted.intercept_[0]),
        },
    }


def baseline_scores(baselines: Baselines, rows: Rows, manifest: Manifest) -> dict[str, Doubles]:
    """What each baseline says of the rows, by its name."""
    scores = {"prior": np.full(len(rows), baselines["prior"])}
    logistic = baselines.get("recency_frequency")
    if logistic is not None:
        margin = np.full(len(rows), logistic["intercept"])
        for index, name in enumerate(logistic["features"]):
            values = _logarithms(rows.features, manifest, name)
            standard = (values - logistic["means"][index]) / logistic["scales"][index]
            margin += logistic["coefficients"][index] * np.nan_to_num(standard)
        scores["recency_frequency"] = 1 / (1 + np.exp(-margin))
    return scores


def _logarithms(features: Floats, manifest: Manifest, name: str) -> Doubles:
    values = features[:, manifest.features.index(name)].astype(np.float64)
    return np.sign(values) * np.log1p(np.abs(values))
