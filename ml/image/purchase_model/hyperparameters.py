"""Hyperparameters come as strings; each is known, checked against its range, or refused with a sentence."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .problems import Problem, first_lines, nearest_of


@dataclass(frozen=True)
class Range:
    """What a number may be, and what it is when it is not given."""

    kind: type[int] | type[float]
    least: float
    most: float
    default: float
    #: `least` itself is not allowed.
    above: bool = False


RANGES: Mapping[str, Range] = {
    "seed": Range(int, 0, 2**31 - 1, 1),
    # Settings tried on a sample before the model is trained; 1 trains with the defaults and what is given.
    "max_trials": Range(int, 1, 200, 5),
    # The search for settings ends after so long, whatever is left of its trials; 0: never.
    "tuning_seconds": Range(int, 0, 86_400, 0),
    "num_round": Range(int, 1, 10_000, 400),
    "early_stopping_rounds": Range(int, 1, 10_000, 20),
    "threads": Range(int, 0, 1024, 0),
    "max_depth": Range(int, 1, 16, 5),
    "eta": Range(float, 0, 1, 0.15, above=True),
    "subsample": Range(float, 0, 1, 0.8, above=True),
    "colsample_bytree": Range(float, 0, 1, 0.8, above=True),
    "min_child_weight": Range(float, 0, 1e9, 5),
}
#: A feature that is always missing, or always the same, is a broken export until somebody says otherwise.
USELESS_FEATURES = ("fail", "warn")
#: SageMaker's own images put these among the hyperparameters.
PLATFORM_PREFIXES = ("sagemaker_", "_")


@dataclass(frozen=True)
class Hyperparameters:
    seed: int
    max_trials: int
    tuning_seconds: int
    num_round: int
    early_stopping_rounds: int
    #: 0: one a core.
    threads: int
    useless_features: str
    #: Settings of a tree that were given and so are not searched for.
    given: Mapping[str, float]


#: What the search may change; see tuning.py.
TREE_SETTINGS = ("max_depth", "eta", "subsample", "colsample_bytree", "min_child_weight")


def load_hyperparameters(file: Path) -> Hyperparameters:
    """Reads SageMaker's file of strings; no file means the defaults."""
    if not file.exists():
        return parse_hyperparameters({})
    try:
        texts = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise Problem(f"{file.name} is not JSON: {first_lines(error)}.") from error
    if not isinstance(texts, dict):
        raise Problem(f"{file.name} is not an object of names and strings.")
    return parse_hyperparameters(texts)


def parse_hyperparameters(texts: Mapping[str, object]) -> Hyperparameters:
    """Names and texts, checked; all that is wrong is said at once."""
    wanted = {name: text for name, text in texts.items() if not name.startswith(PLATFORM_PREFIXES)}
    useless = wanted.pop("useless_features", USELESS_FEATURES[0])
    wrong = []
    if useless not in USELESS_FEATURES:
        wrong.append(f"useless_features is {useless!r}; it must be fail or warn")
    numbers: dict[str, float] = {}
    for name, text in wanted.items():
        try:
            numbers[name] = _number(name, text)
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        raise Problem(f"Hyperparameters: {'; '.join(wrong)}.")
    return Hyperparameters(
        **{name: int(numbers.get(name, RANGES[name].default)) for name in _WHOLE},
        useless_features=str(useless),
        given={name: numbers[name] for name in TREE_SETTINGS if name in numbers},
    )


_WHOLE = (
    "seed",
    "max_trials",
    "tuning_seconds",
    "num_round",
    "early_stopping_rounds",
    "threads",
)


def _number(name: str, text: object) -> float:
    allowed = RANGES.get(name)
    if allowed is None:
        known = [*RANGES, "useless_features"]
        raise ValueError(f"{name} is not known{nearest_of(name, known)}")
    # Script mode hands numbers over as numbers.
    try:
        value = float(str(text).strip())
    except ValueError:
        value = math.nan
    fits = allowed.least <= value <= allowed.most and not (allowed.above and value == allowed.least)
    if not fits or (allowed.kind is int and value != int(value)):
        what = "a whole number" if allowed.kind is int else "a number"
        start = f"above {allowed.least:g}" if allowed.above else f"from {allowed.least:g}"
        raise ValueError(f"{name} is {str(text)!r}; it must be {what} {start} to {allowed.most:g}")
    return value
