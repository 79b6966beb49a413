"""Looks for good settings within a budget: the defaults first, then random ones, on a sample of the rows.

The budget is a number of trials, which gives the same settings everywhere. `tuning_seconds` may end the search sooner;
then the settings depend on the machine, and metrics.json says so. A search that is over stays over:
a training that goes on from its checkpoint takes what was chosen, or its trees would be of several settings.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .boosting import Growth, grow, matrix_of, sample_of
from .channels import Rows
from .checkpoint import Checkpoints
from .hyperparameters import RANGES, TREE_SETTINGS, Hyperparameters
from .telemetry import print_metrics, say

#: More rows hardly change which settings are best, and cost as many times more.
SAMPLE_ROWS = 50_000
#: A trial needs not be grown to its end to be compared; large steps make it short.
TRIAL_ROUNDS = 80


@dataclass(frozen=True)
class Tuning:
    """Every trial with its settings and log loss on the sampled validation rows; `best` is an index."""

    trials: list[dict[str, float]]
    best: int
    cut_short: bool

    @property
    def settings(self) -> dict[str, float]:
        return {name: self.trials[self.best][name] for name in TREE_SETTINGS}


def tune(
    hyperparameters: Hyperparameters,
    train: Rows,
    validation: Rows,
    checkpoints: Checkpoints,
    threads: int,
    check_stop: Callable[[], None],
) -> Tuning:
    candidates = propose(hyperparameters)
    if len(candidates) == 1:
        return Tuning(candidates, 0, cut_short=False)
    best = checkpoints.state.best
    if best is None:
        best = _search(
            hyperparameters, candidates, train, validation, checkpoints, threads, check_stop
        )
        checkpoints.end_search(best)
    losses = checkpoints.state.trial_losses
    trials = [{**one, "logloss": loss} for one, loss in zip(candidates, losses, strict=False)]
    return Tuning(trials, best, cut_short=len(losses) < len(candidates))


def _search(
    hyperparameters: Hyperparameters,
    candidates: list[dict[str, float]],
    train: Rows,
    validation: Rows,
    checkpoints: Checkpoints,
    threads: int,
    check_stop: Callable[[], None],
) -> int:
    """Tries what no checkpoint has yet; the index of the best of all."""
    sampled = matrix_of(sample_of(train, SAMPLE_ROWS), threads)
    judged = matrix_of(sample_of(validation, SAMPLE_ROWS), threads, sampled)
    rounds = min(hyperparameters.num_round, TRIAL_ROUNDS)
    growth = Growth(rounds, hyperparameters.early_stopping_rounds, hyperparameters.seed, threads)
    started = time.monotonic()
    for index in range(len(checkpoints.state.trial_losses), len(candidates)):
        # The first trial is the defaults, so there always is one to take.
        if index > 0 and _is_late(started, hyperparameters.tuning_seconds):
            say(f"tuning_seconds is over after {index} of {len(candidates)} trials.")
            break
        grown = grow(candidates[index], growth, sampled, judged, check_stop=check_stop)
        checkpoints.add_trial(min(grown.losses))
        print_metrics({"trial:number": index + 1, "trial:logloss": min(grown.losses)})
    return int(np.argmin(checkpoints.state.trial_losses))


def propose(hyperparameters: Hyperparameters) -> list[dict[str, float]]:
    """Settings to try, the same for the same seed; what was given stays as it is."""
    random = np.random.default_rng(hyperparameters.seed)
    defaults = {name: RANGES[name].default for name in TREE_SETTINGS}
    drawn = [_draw(random) for _ in range(hyperparameters.max_trials - 1)]
    return [{**settings, **hyperparameters.given} for settings in (defaults, *drawn)]


def _draw(random: np.random.Generator) -> dict[str, float]:
    settings: Mapping[str, float] = {
        "max_depth": float(random.integers(3, 9)),
        "eta": math.exp(random.uniform(math.log(0.1), math.log(0.3))),
        "subsample": random.uniform(0.6, 1.0),
        "colsample_bytree": random.uniform(0.5, 1.0),
        "min_child_weight": math.exp(random.uniform(math.log(1), math.log(64))),
    }
    return {name: float(f"{value:.4g}") for name, value in settings.items()}


def _is_late(started: float, seconds: int) -> bool:
    return seconds > 0 and time.monotonic() - started >= seconds
