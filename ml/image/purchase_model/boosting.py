"""Grows the trees, in segments of rounds that each can be begun again with the same result.

XGBoost keeps the state of its random numbers to itself, so a training that goes on from a saved model would draw
other rows and columns than one that was never ended. Every segment therefore starts from a saved model with a seed
of its own, also when nothing happened in between: ended or not, the trees are the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb

from .channels import Rows

SEGMENT_ROUNDS = 50


@dataclass(frozen=True)
class Growth:
    """How long to grow: rounds at most, and rounds without a better log loss after which to end."""

    rounds: int
    patience: int
    seed: int
    threads: int


@dataclass(frozen=True)
class Grown:
    """`losses` are log losses on the validation rows by round; `best` is the number of rounds to keep."""

    booster: xgb.Booster
    losses: list[float]
    best: int

    def kept(self) -> xgb.Booster:
        return self.booster[: self.best]


def matrix_of(rows: Rows, threads: int, like: xgb.DMatrix | None = None) -> xgb.QuantileDMatrix:
    """The rows in bins; validation rows take the bins of the training rows (`like`)."""
    return xgb.QuantileDMatrix(rows.features, rows.labels, ref=like, nthread=threads)


def sample_of(rows: Rows, most: int) -> Rows:
    """Every n-th row, so that all dates are in it; the rows themselves when there are few enough."""
    step = -(-len(rows) // most)
    if step == 1:
        return rows
    return Rows(np.ascontiguousarray(rows.features[::step]), rows.labels[::step].copy())


def grow(
    settings: Mapping[str, float],
    growth: Growth,
    train: xgb.DMatrix,
    validation: xgb.DMatrix,
    *,
    check_stop: Callable[[], None],
    losses: Sequence[float] = (),
    model: bytes = b"",
    on_round: Callable[[int, float], None] = lambda round, loss: None,
    on_segment: Callable[[list[float], bytes], None] = lambda losses, model: None,
) -> Grown:
    """Trains until the rounds or the patience are used up; `losses` and `model` come from a checkpoint."""
    done = list(losses)
    while True:
        booster = _booster(settings, growth, len(done), [train, validation], model)
        while not _is_over(done, growth):
            check_stop()
            booster.update(train, len(done))
            done.append(_loss(booster.eval(validation, "validation", len(done))))
            on_round(len(done), done[-1])
            if len(done) % SEGMENT_ROUNDS == 0:
                break
        if _is_over(done, growth):
            return Grown(booster, done, _best(done))
        model = bytes(booster.save_raw("json"))
        on_segment(done, model)


def _booster(
    settings: Mapping[str, float],
    growth: Growth,
    done: int,
    cache: list[xgb.DMatrix],
    model: bytes,
) -> xgb.Booster:
    parameters = {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "nthread": growth.threads,
        "seed": (growth.seed + 7919 * done) % 2**31,
        **settings,
        "max_depth": int(settings["max_depth"]),
    }
    return xgb.Booster(parameters, cache, bytearray(model) if model else None)


def _is_over(losses: list[float], growth: Growth) -> bool:
    return len(losses) >= growth.rounds or (
        len(losses) > 0 and len(losses) - _best(losses) >= growth.patience
    )


def _best(losses: list[float]) -> int:
    """Rounds up to and with the lowest log loss; the fewest when several are equal."""
    return int(np.argmin(losses)) + 1


def _loss(evaluation: str) -> float:
    return float(evaluation.rsplit(":", 1)[1])
