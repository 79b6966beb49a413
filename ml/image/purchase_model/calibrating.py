"""Makes margins into probabilities that come true as often as they say.

Three maps from the margin (the log-odds that the trees add up to) are fitted on parts of the validation rows and
compared on the rest; the best one is fitted again on all. The isotonic one runs straight between the centres of its
steps instead of jumping: users keep their order, and a last bit of the margin cannot become a percent of the score.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from .calibration import Calibration, Doubles, apply
from .scores import log_losses

FOLDS = 5
#: Fewer rows of a class than this and a free curve follows their noise.
ISOTONIC_CLASS_ROWS = 200
#: A step of the isotonic curve holds this share of the rows at least.
STEP_SHARE = 0.01
#: Centres nearer than this in log-odds are one.
LEAST_GAP = 0.02


def calibrate(margins: Doubles, labels: Doubles) -> tuple[Calibration, dict[str, float]]:
    """The map that does best on rows it was not fitted on, and what each of them reached there as log loss."""
    kinds: dict[str, Callable[[Doubles, Doubles], Calibration]] = {"none": _none}
    rarer = min(labels.sum(), len(labels) - labels.sum())
    if rarer >= 2 * FOLDS:
        kinds["platt"] = _platt
    if rarer >= ISOTONIC_CLASS_ROWS:
        kinds["isotonic"] = _isotonic
    losses = {kind: _loss_outside(fit, margins, labels) for kind, fit in kinds.items()}
    best = min(losses, key=lambda kind: losses[kind])
    return kinds[best](margins, labels), losses


def _loss_outside(
    fit: Callable[[Doubles, Doubles], Calibration], margins: Doubles, labels: Doubles
) -> float:
    fold = np.arange(len(labels)) % FOLDS
    total = 0.0
    for outside in range(FOLDS):
        inside = fold != outside
        if len(np.unique(labels[inside])) < 2:
            return float("inf")
        scores = apply(fit(margins[inside], labels[inside]), margins[~inside])
        total += float(log_losses(scores, labels[~inside]).sum())
    return total / len(labels)


def _none(_margins: Doubles, _labels: Doubles) -> Calibration:
    return {"kind": "none", "input": "margin"}


def _platt(margins: Doubles, labels: Doubles) -> Calibration:
    fitted = LogisticRegression(C=1e6).fit(margins[:, None], labels)
    a, b = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return {"kind": "platt", "input": "margin", "a": a, "b": b}


def _isotonic(margins: Doubles, labels: Doubles) -> Calibration:
    order = np.argsort(margins, kind="stable")
    x, y = margins[order], labels[order]
    fitted = IsotonicRegression().fit_transform(x, y)
    starts = np.flatnonzero(np.diff(fitted, prepend=-1.0) > 0)
    steps = _merged(x, y, starts)
    rows = np.array([count for count, _, _ in steps])
    centres = np.array([total for _, total, _ in steps]) / rows
    # Half a positive and half a negative more: no step promises never or always.
    shares = (np.array([hits for _, _, hits in steps]) + 0.5) / (rows + 1)
    return {
        "kind": "isotonic",
        "input": "margin",
        "x": centres.tolist(),
        "y": np.maximum.accumulate(shares).tolist(),
    }


def _merged(x: Doubles, y: Doubles, starts: npt.NDArray[np.intp]) -> list[tuple[int, float, float]]:
    """Steps as (rows, sum of margins, positives), small and crowded ones joined with the one before."""
    counts = np.diff(starts, append=len(x))
    sums, hits = np.add.reduceat(x, starts), np.add.reduceat(y, starts)
    steps: list[tuple[int, float, float]] = []
    for count, total, positives in zip(counts.tolist(), sums.tolist(), hits.tolist(), strict=True):
        steps.append((count, total, positives))
        while len(steps) > 1 and _must_join(steps[-2], steps[-1], STEP_SHARE * len(x)):
            last = steps.pop()
            before = steps.pop()
            steps.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
    return steps


def _must_join(
    before: tuple[int, float, float], last: tuple[int, float, float], least_rows: float
) -> bool:
    gap = last[1] / last[0] - before[1] / before[0]
    return before[0] < least_rows or last[0] < least_rows or gap < LEAST_GAP
