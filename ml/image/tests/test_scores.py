"""The figures against scikit-learn's, and the maps and spreads against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from purchase_model.artifacts import to_json
from purchase_model.calibrating import calibrate
from purchase_model.calibration import Doubles, apply
from purchase_model.reference import PSI_ALARM, PSI_WARNING, spread_of, stability_index
from purchase_model.scores import auc_of, figures_of, judge, with_intervals


def drawn(rows: int, seed: int = 1) -> tuple[Doubles, Doubles]:
    """Margins and labels that come true as often as the margins say."""
    random = np.random.default_rng(seed)
    margins = random.normal(-1.5, 1.3, rows)
    return margins, (random.random(rows) < 1 / (1 + np.exp(-margins))).astype(np.float64)


def test_figures_are_those_of_scikit_learn_also_with_ties_and_weights() -> None:
    margins, labels = drawn(3000)
    scores = np.round(1 / (1 + np.exp(-margins)), 2)
    scores = np.clip(scores, 0.01, 0.99)
    weights = np.random.default_rng(2).poisson(1, 3000).astype(np.float64)
    order = np.argsort(-scores, kind="stable")
    for w in (None, weights):
        figures = figures_of(judge(scores, labels), None if w is None else w[order])
        assert figures["roc_auc"] == pytest.approx(
            metrics.roc_auc_score(labels, scores, sample_weight=w)
        )
        assert figures["pr_auc"] == pytest.approx(
            metrics.average_precision_score(labels, scores, sample_weight=w)
        )
        assert figures["logloss"] == pytest.approx(
            metrics.log_loss(labels, scores, sample_weight=w)
        )
        assert figures["brier"] == pytest.approx(
            metrics.brier_score_loss(labels, scores, sample_weight=w)
        )


def test_lift_and_calibration_error_of_a_case_counted_by_hand() -> None:
    scores = np.array([0.9] * 10 + [0.1] * 90)
    labels = np.array([1.0] * 8 + [0.0] * 2 + [1.0] * 8 + [0.0] * 82)
    figures = figures_of(judge(scores, labels))
    # 8 of 10 in the first tenth, 16 of 100 in all.
    assert figures["lift_at_10"] == pytest.approx(5.0)
    # 0.1 too high in the first bin; of the others one is 0.7 too low and eight are 0.1 too high.
    assert figures["ece"] == pytest.approx((0.1 + 0.7 + 8 * 0.1) / 10)


def test_intervals_hold_the_figure_and_are_the_same_for_the_same_seed() -> None:
    margins, labels = drawn(2000)
    judged = judge(1 / (1 + np.exp(-margins)), labels)
    intervals = with_intervals(judged, 4)
    assert intervals == with_intervals(judged, 4)
    assert intervals != with_intervals(judged, 5)
    for figure in intervals.values():
        assert figure["low"] < figure["high"]
    # Half the width is about two standard errors, which for this many rows is about 0.02.
    auc = intervals["roc_auc"]
    assert auc["low"] < auc["value"] < auc["high"]
    assert 0.02 < auc["high"] - auc["low"] < 0.06


def test_one_class_has_no_auc_and_json_says_null() -> None:
    figures = figures_of(judge(np.array([0.2, 0.3]), np.array([0.0, 0.0])))
    assert b'"roc_auc": null' in to_json(figures)


def test_missing_counts_as_the_lowest_value_of_a_feature() -> None:
    column = np.array([np.nan, 1.0, 2.0, np.nan])
    assert auc_of(column, np.array([0, 1, 1, 0])) == 1.0
    assert auc_of(np.array([np.nan, np.nan]), np.array([0, 1])) == 0.5


def test_calibration_mends_what_is_bent_and_keeps_order_and_smoothness() -> None:
    margins, labels = drawn(40_000)
    bent = 0.4 * margins**3 + margins + 2
    made, losses = calibrate(bent[:20_000], labels[:20_000])
    assert made["kind"] == "isotonic"
    assert losses["isotonic"] < losses["platt"] < losses["none"]
    before = figures_of(judge(apply({"kind": "none"}, bent[20_000:]), labels[20_000:]))
    scores = apply(made, bent[20_000:])
    after = figures_of(judge(scores, labels[20_000:]))
    assert after["ece"] < 0.015 < before["ece"]
    assert after["roc_auc"] == pytest.approx(before["roc_auc"], abs=2e-3)
    steepness = np.diff(made["y"]) / np.diff(made["x"])
    assert steepness.min() >= 0
    # A last bit of a 32-bit margin of 8 is 5e-7: it may not become 1e-6 of a score.
    assert steepness.max() < 2


def test_calibration_leaves_few_rows_alone_and_takes_a_line_for_some() -> None:
    margins, labels = drawn(4000)
    assert calibrate(margins[:20], labels[:20])[1].keys() == {"none"}
    made, losses = calibrate(0.5 * margins[:800] - 1, labels[:800])
    assert made["kind"] == "platt"
    assert set(losses) == {"none", "platt"}


def test_spread_counts_values_as_the_rule_of_edges_says() -> None:
    random = np.random.default_rng(3)
    values = np.where(random.random(5000) < 0.6, 0, random.gamma(2, 3, 5000)).astype(np.float32)
    values[:500] = np.nan
    spread = spread_of(values)
    known = values[~np.isnan(values)].astype(np.float64)
    bins = (known[:, None] >= np.array(spread["edges"])).sum(axis=1)
    counted = np.bincount(bins, minlength=len(spread["edges"]) + 1) / len(known)
    assert np.allclose(counted, spread["shares"])
    assert spread["null_share"] == pytest.approx(0.1)
    # The zeros have a bin of their own, and no edge lies on a value.
    assert spread["shares"][0] == pytest.approx((known == 0).mean())
    assert not set(spread["edges"]) & set(known.tolist())


def test_stability_index_is_silent_for_the_same_and_loud_for_another_spread() -> None:
    random = np.random.default_rng(3)
    spread = spread_of(random.normal(size=5000))
    assert stability_index(spread, random.normal(size=5000)) < 0.02
    assert stability_index(spread, random.normal(0.35, 1, 5000)) > PSI_WARNING
    assert stability_index(spread, random.normal(1, 1, 5000)) > PSI_ALARM
    gone = random.normal(size=5000)
    gone[:1500] = np.nan
    assert stability_index(spread, gone) > PSI_ALARM
    assert stability_index(spread_of(np.full(9, np.nan)), np.full(9, np.nan)) == 0
