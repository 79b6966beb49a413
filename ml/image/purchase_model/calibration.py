"""From the margin (the log-odds that the trees add up to) to a probability; calibrating.py finds the map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
#: As it stands in serving.json; the input of every kind is the margin.
Calibration = Mapping[str, Any]


def apply(calibration: Calibration, margins: npt.NDArray[Any]) -> Doubles:
    """Probabilities of margins."""
    wide = margins.astype(np.float64)
    if calibration["kind"] == "isotonic":
        return np.interp(wide, calibration["x"], calibration["y"])
    if calibration["kind"] == "platt":
        wide = calibration["a"] * wide + calibration["b"]
    return 1 / (1 + np.exp(-wide))
