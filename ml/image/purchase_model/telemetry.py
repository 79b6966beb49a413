"""Metrics on stdout in the form that metric-definitions.json describes; SageMaker reads them from the log."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def print_metrics(values: Mapping[str, float]) -> None:
    """One line of `name=value;`."""
    print(" ".join(f"{name}={value:.6g};" for name, value in values.items()), flush=True)


def say(sentence: str) -> None:
    """What a person reads in the log."""
    print(sentence, file=sys.stderr, flush=True)
