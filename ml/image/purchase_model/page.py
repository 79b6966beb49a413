"""The model card as one HTML page that needs nothing else: the tables of card.py and four plots."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .card import HEADINGS, SHOWN, Metrics, alarm, limits, purpose, tables
from .reference import PSI_ALARM, PSI_WARNING
from .svg import bars, curve

STYLE = """
:root { color-scheme: light dark; --ink: #1b2430; --page: #fff; --soft: #667; --line: #1f6feb; --bar: #8ab4f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --page: #14181f; --soft: #9aa4b2; --bar: #2f5fa8; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 code { font-size: .7em; color: var(--soft); }
table { border-collapse: collapse; margin: .5rem 0; display: block; overflow-x: auto; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; white-space: nowrap; }
th, td { border-bottom: 1px solid color-mix(in srgb, var(--soft) 30%, transparent); }
th { color: var(--soft); font-weight: 500; }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; }
figure { margin: 0; } figcaption { color: var(--soft); }
svg { max-width: 100%; height: auto; font-size: 11px; } svg text { fill: var(--ink); }
.line { fill: none; stroke: var(--line); stroke-width: 2; } .dot { fill: var(--line); } .bar { fill: var(--bar); }
.guide { fill: none; stroke: var(--soft); stroke-dasharray: 4 4; }
.alarm { border: 2px solid #d1242f; padding: .75rem 1rem; font-weight: 600; }
"""


def card_html(metrics: Metrics) -> str:
    made = tables(metrics)
    name, version = escape(metrics["model_name"]), escape(metrics["model_version"])
    warning = alarm(metrics)

    def table(key: str) -> str:
        return _table(HEADINGS[key], made[key])

    body = [
        f"<h1>{name} <code>{version}</code></h1>",
        f'<p class="alarm">{escape(warning)}</p>' if warning else "",
        f"<p>{escape(purpose(metrics))}</p>",
        f"<h2>Data</h2>{table('splits')}",
        f"<h2>On the test rows, with 95 % intervals</h2>{table('figures')}",
        f'<div class="plots">{_reliability(metrics)}{_lift(metrics)}</div>',
        f"<h2>By segment</h2>{table('segments')}",
        f"<h2>What moves the scores</h2>{_importance(metrics)}",
        f"<h2>Drift</h2>{_drift(metrics)}",
        f"<h2>Made from</h2>{table('origin')}",
        f"<h2>Limits</h2><ul>{''.join(f'<li>{escape(text)}</li>' for text in limits(metrics))}</ul>",
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name} {version}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style>'
        f"</head><body>{''.join(body)}</body></html>\n"
    )


def _reliability(metrics: Metrics) -> str:
    line = sorted((one["score"], one["share"]) for one in metrics["reliability"])
    most = max(max(point) for point in line)
    plot = curve("Reliability", ("mean score", "share that bought"), line, [(0, 0), (most, most)])
    return _figure(
        plot, "Reliability: ten bins of equally many test rows; the dashed line is perfect."
    )


def _lift(metrics: Metrics) -> str:
    gains = metrics["gains"]
    line = [(0.0, 0.0), *(((step + 1) / 20, gain) for step, gain in enumerate(gains))]
    plot = curve(
        "Lift", ("share of users, best scores first", "share of buyers"), line, [(0, 0), (1, 1)]
    )
    return _figure(
        plot, "Lift: buyers found among the users with the highest scores; dashed is chance."
    )


def _importance(metrics: Metrics) -> str:
    values = [(one["feature"], one["contribution"]) for one in metrics["importance"][:SHOWN]]
    return _figure(bars("Importance", values), "Mean absolute contribution to the log-odds.")


def _drift(metrics: Metrics) -> str:
    features = [(one["feature"], one["psi"]) for one in metrics["drift"]["features"][:SHOWN]]
    plot = bars(
        "Drift", [("score", metrics["drift"]["score"]["psi"]), *features], (PSI_WARNING, PSI_ALARM)
    )
    caption = (
        f"PSI from training to test rows; dashed: {PSI_WARNING} worth a look, {PSI_ALARM} alarm."
    )
    return _figure(plot, caption)


def _figure(plot: str, caption: str) -> str:
    return f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in headings)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
