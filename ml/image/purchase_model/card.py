"""The model card as Markdown, from metrics.json alone: what the model is for, how good it is, where not to use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Metrics = Mapping[str, Any]

FIGURE_NAMES = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "logloss": "Log loss",
    "brier": "Brier score",
    "ece": "Calibration error",
    "lift_at_10": "Lift at 10 %",
}
MODEL_NAMES = {
    "model": "this model",
    "prior": "share of buyers",
    "recency_frequency": "logistic on recency and frequency",
}
SHOWN = 15


def purpose(metrics: Metrics) -> str:
    days = f"{metrics['data']['horizon_days']:g}"
    return (
        f"Estimates the probability that a user buys at least once within the {days} days after the "
        f"as-of instant ({metrics['data']['label']}), from what was known before it. Meant to order and size "
        "audiences and to explain single scores. Not meant to decide over credit, prices or access, "
        "nor for users without any event: of them it knows the share of buyers and no more."
    )


def limits(metrics: Metrics) -> list[str]:
    """Sentences on where the figures do not hold."""
    test = metrics["data"]["splits"]["test"]
    texts = [
        f"The figures are of {test['rows']} rows as of {test['as_of_from']} to {test['as_of_to']}; "
        "later behaviour may differ, which `millrace ml monitor` watches.",
        "Intervals treat rows as independent. Where a user appears at several instants they are somewhat too narrow.",
        "Reasons say what moved the model, not what causes a purchase.",
    ]
    if metrics["tuning"]["cut_short"]:
        texts.append("The search for settings ran out of time: another machine may choose others.")
    return [*texts, *metrics["warnings"]]


def figure_rows(metrics: Metrics) -> list[list[str]]:
    """A row a model: its name and its figures with their intervals."""
    models = {"model": metrics["test"]["model"], **metrics["test"]["baselines"]}
    return [
        [MODEL_NAMES[name], *(_interval(figures[one]) for one in FIGURE_NAMES)]
        for name, figures in models.items()
    ]


def split_rows(metrics: Metrics) -> list[list[str]]:
    return [
        [
            name,
            split["as_of_from"],
            split["as_of_to"],
            str(split["rows"]),
            f"{100 * split['positives'] / split['rows']:.2f} %",
        ]
        for name, split in metrics["data"]["splits"].items()
    ]


def segment_rows(metrics: Metrics) -> list[list[str]]:
    return [
        [
            one["feature"],
            one["segment"],
            str(one["rows"]),
            *(_number(one[name]) for name in ("roc_auc", "logloss", "ece")),
        ]
        for one in metrics["segments"]
    ]


def origin_rows(metrics: Metrics) -> list[list[str]]:
    data = metrics["data"]
    return [
        ["Snapshot", str(data["snapshot_id"])],
        ["SQL of the features", data["sql_hash"]],
        ["Calibration", metrics["calibration"]["kind"]],
        *([name, f"{value:g}"] for name, value in metrics["parameters"].items()),
        *([name, str(version)] for name, version in metrics["libraries"].items()),
    ]


def alarm(metrics: Metrics) -> str:
    """A sentence when the figures are too good to be true, else nothing."""
    if not metrics["leak_alarm"]:
        return ""
    suspects = ", ".join(one["feature"] for one in metrics["leak_suspects"]) or "none alone"
    return f"Leak alarm: ROC-AUC above 0.99 means that a feature knows the future. Suspects: {suspects}."


HEADINGS = {
    "splits": ["part", "as of, from", "to", "rows", "bought"],
    "figures": ["", *FIGURE_NAMES.values()],
    "segments": ["feature", "segment", "rows", "ROC-AUC", "log loss", "calibration error"],
    "reliability": ["rows", "mean score", "bought"],
    "importance": ["feature", "mean |contribution|, log-odds"],
    "drift": ["feature", "PSI, training to test"],
    "origin": ["", ""],
}


def tables(metrics: Metrics) -> dict[str, list[list[str]]]:
    return {
        "splits": split_rows(metrics),
        "figures": figure_rows(metrics),
        "segments": segment_rows(metrics),
        "reliability": [
            [str(one["rows"]), _number(one["score"]), _number(one["share"])]
            for one in metrics["reliability"]
        ],
        "importance": _named(metrics["importance"], "contribution"),
        "drift": [
            ["score", _number(metrics["drift"]["score"]["psi"])],
            *_named(metrics["drift"]["features"], "psi"),
        ],
        "origin": origin_rows(metrics),
    }


def card_markdown(metrics: Metrics) -> str:
    parts = [
        f"# {metrics['model_name']} {metrics['model_version']}",
        alarm(metrics),
        purpose(metrics),
    ]
    titles = {
        "splits": "Data",
        "figures": "On the test rows, with 95 % intervals",
        "segments": "By segment",
        "reliability": "Reliability",
        "importance": "What moves the scores",
        "drift": "Drift",
        "origin": "Made from",
    }
    made = tables(metrics)
    for name, title in titles.items():
        parts.append(f"## {title}\n\n{_table(HEADINGS[name], made[name])}")
    parts.append("## Limits\n\n" + "\n".join(f"- {text}" for text in limits(metrics)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _named(values: Iterable[Mapping[str, Any]], key: str) -> list[list[str]]:
    return [[one["feature"], _number(one[key])] for one in values][:SHOWN]


def _interval(figure: Mapping[str, Any]) -> str:
    return f"{_number(figure['value'])} ({_number(figure['low'])}–{_number(figure['high'])})"


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.4f}"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
