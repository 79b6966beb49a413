"""How features and scores are spread where the model was made, to tell later when they are spread otherwise.

A value v falls into bin i where i edges are ≤ v. `shares` are of the values that are there, `null_share` of all rows.
Edges lie between values that occur, never on one, so that the rounding of a value cannot move it to another bin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .calibration import Doubles

BINS = 10
#: Population stability indexes that are worth a look, and that are an alarm.
PSI_WARNING, PSI_ALARM = 0.1, 0.25
#: So many rows are enough for shares of a tenth.
SAMPLE_ROWS = 100_000
#: A value as frequent as this gets a bin of its own.
ATOM_SHARE = 0.05
#: Stands for a share of nothing, whose logarithm there is not.
LEAST_SHARE = 1e-4


def spread_of(values: npt.NDArray[Any]) -> dict[str, Any]:
    """{edges, shares, null_share} of a column; NaN is null."""
    wide = values.astype(np.float64)
    known = np.sort(wide[~np.isnan(wide)])
    edges = _edges(known[:: max(1, len(known) // SAMPLE_ROWS)])
    return {
        "edges": edges.tolist(),
        "shares": _shares(edges, known).tolist(),
        "null_share": 1 - len(known) / len(wide) if len(wide) else 0.0,
    }


def stability_index(reference: Mapping[str, Any], values: npt.NDArray[Any]) -> float:
    """Population stability index against a spread, null being one more bin."""
    wide = values.astype(np.float64)
    known = np.sort(wide[~np.isnan(wide)])
    null_share = 1 - len(known) / len(wide)
    edges = np.asarray(reference["edges"], np.float64)
    now = np.append(_shares(edges, known) * (1 - null_share), null_share)
    before_null = reference["null_share"]
    before = np.append(np.asarray(reference["shares"]) * (1 - before_null), before_null)
    now, before = np.maximum(now, LEAST_SHARE), np.maximum(before, LEAST_SHARE)
    return float(((now - before) * np.log(now / before)).sum())


def _edges(known: Doubles) -> Doubles:
    if len(known) == 0:
        return known
    edges = set()
    for step in range(1, BINS):
        value = known[len(known) * step // BINS]
        left, right = np.searchsorted(known, value, "left"), np.searchsorted(known, value, "right")
        if left > 0:
            edges.add(float((known[left - 1] + value) / 2))
        if right < len(known) and right - left >= ATOM_SHARE * len(known):
            edges.add(float((value + known[right]) / 2))
    return np.array(sorted(edges))


def _shares(edges: Doubles, known: Doubles) -> Doubles:
    """Of sorted values; one share more than edges."""
    bounds = np.concatenate(([0], np.searchsorted(known, edges, "left"), [len(known)]))
    return np.diff(bounds) / max(1, len(known))
