"""A training from channels to files: load, check, search for settings, grow, describe, write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import xgboost as xgb

from .artifacts import to_json, version_of, write_all
from .boosting import Grown, Growth, grow, matrix_of
from .channels import Rows, check_features, load_channel
from .checkpoint import Checkpoints
from .describing import Made, data_of, describe, scores_csv
from .hyperparameters import Hyperparameters
from .manifest import SPLITS, load_manifest
from .places import Places
from .telemetry import print_metrics, say
from .tuning import Tuning, tune

#: A line a round would be a log that nobody reads.
ROUNDS_PER_LINE = 10


def train_model(
    places: Places,
    hyperparameters: Hyperparameters,
    model_name: str,
    check_stop: Callable[[], None],
) -> None:
    manifest = load_manifest(places.channels["manifest"])
    rows = {
        name: load_channel(name, places.channels[name], manifest, check_stop) for name in SPLITS
    }
    strict = hyperparameters.useless_features == "fail"
    warnings = check_features(rows["train"], manifest.features, strict)
    for warning in warnings:
        say(warning)
    threads = hyperparameters.threads or len(os.sched_getaffinity(0))
    data = data_of(manifest, rows)
    checkpoints = Checkpoints(places.checkpoints, fingerprint_of(data, hyperparameters))
    tuning = tune(
        hyperparameters, rows["train"], rows["validation"], checkpoints, threads, check_stop
    )
    grown = grow_model(hyperparameters, tuning, rows, checkpoints, threads, check_stop)
    print_metrics({"rounds": grown.best, "validation:logloss": min(grown.losses)})
    made = Made(model_name, manifest, data, rows, hyperparameters, tuning, grown, warnings)
    files, test_scores = describe(made, check_stop)
    write_all(places.output_data, {"test-scores.csv": scores_csv(rows["test"], test_scores)})
    write_all(places.model, files)


def grow_model(
    hyperparameters: Hyperparameters,
    tuning: Tuning,
    rows: Mapping[str, Rows],
    checkpoints: Checkpoints,
    threads: int,
    check_stop: Callable[[], None],
) -> Grown:
    """The final training, on all rows, going on from a checkpoint when there is one."""
    train = matrix_of(rows["train"], threads)
    validation = matrix_of(rows["validation"], threads, train)
    state = checkpoints.state
    if state.losses:
        say(f"Going on after round {len(state.losses)} of a training that was ended.")
    return grow(
        tuning.settings,
        Growth(
            hyperparameters.num_round,
            hyperparameters.early_stopping_rounds,
            hyperparameters.seed,
            threads,
        ),
        train,
        validation,
        check_stop=check_stop,
        losses=state.losses,
        model=state.model,
        on_round=_tell_progress,
        on_segment=checkpoints.add_rounds,
    )


def _tell_progress(round: int, loss: float) -> None:
    if round % ROUNDS_PER_LINE == 0:
        print_metrics({"round": round, "validation:logloss": loss})


def fingerprint_of(data: Mapping[str, Any], hyperparameters: Hyperparameters) -> str:
    """Tells whether a checkpoint belongs to this training. Threads and time do not change the trees."""
    settings = {
        name: value
        for name, value in vars(hyperparameters).items()
        if name not in ("threads", "tuning_seconds")
    }
    return version_of(to_json(data), to_json(settings), xgb.__version__.encode())
