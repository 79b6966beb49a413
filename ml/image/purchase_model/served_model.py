"""The model as it is asked: loaded once, checked against itself, then only read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb

from .calibration import Calibration, Doubles, apply
from .problems import Problem, first_lines
from .table import Floats


@dataclass(frozen=True)
class ServedModel:
    name: str
    version: str
    features: tuple[str, ...]
    calibration: Calibration
    booster: xgb.Booster

    def scores(self, rows: Floats) -> Doubles:
        """Calibrated probabilities of rows × features; NaN is missing."""
        margins = self.booster.inplace_predict(rows, predict_type="margin")
        return apply(self.calibration, margins)

    def contributions(self, rows: Floats) -> Floats:
        """What each feature adds to the margin, in log-odds (SHAP); rows × features, without the base."""
        matrix = xgb.DMatrix(rows, nthread=1)
        contributions: Floats = self.booster.predict(matrix, pred_contribs=True)[:, :-1]
        return contributions


def load_model(folder: Path) -> ServedModel:
    """Reads model.json and serving.json; raises Problem when they are absent, damaged or not of one model."""
    served = _serving(folder / "serving.json")
    file = folder / "model.json"
    try:
        booster = xgb.Booster(model_file=file)
    except xgb.core.XGBoostError as error:
        if not file.exists():
            raise Problem(f"{file} is not there; is the archive a model of `train`?") from error
        raise Problem(f"{file} is damaged: {_cause(error)}") from error
    # One thread a request: many at once share the cores, and none waits for threads to gather.
    booster.set_param({"nthread": 1})
    try:
        model = ServedModel(
            name=str(served["model_name"]),
            version=str(served["model_version"]),
            features=tuple(str(name) for name in served["features"]),
            calibration=served["calibration"],
            booster=booster,
        )
        _try_out(model)
    except (KeyError, TypeError, ValueError) as error:
        raise Problem(f"serving.json of {folder} is damaged: {first_lines(error)}.") from error
    return model


def _serving(file: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise Problem(f"{file} is not there; is the archive a model of `train`?") from error
    except ValueError as error:
        raise Problem(f"{file} is damaged: {first_lines(error)}.") from error
    if not isinstance(value, dict) or value.get("format") != 1:
        raise Problem(f"{file} has another format than 1, which this image reads.")
    return value


def _try_out(model: ServedModel) -> None:
    """A prediction now, so that neither a wrong model nor a slow first one meets a user."""
    wanted, given = model.booster.num_features(), len(model.features)
    if wanted != given:
        raise Problem(f"model.json takes {wanted} features and serving.json names {given}.")
    unknown = np.full((1, given), np.nan, np.float32)
    score = float(model.scores(unknown)[0])
    model.contributions(unknown)
    if not 0 <= score <= 1:
        raise Problem(f"The calibration in serving.json makes {score} of a margin.")


def _cause(error: BaseException) -> str:
    """XGBoost's own words without the addresses of its stack."""
    return first_lines(ValueError(str(error).split("Stack trace")[0]))
