"""Plots as inline SVG: no script, no file, no font of their own; colours come from the page's style."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT, LEFT, BOTTOM = 440, 300, 52, 40
BAR, NAME_WIDTH = 20, 210


def curve(title: str, axes: tuple[str, str], line: Points, guide: Points) -> str:
    """A line with dots over a dashed guide; both axes run from 0 to the greatest value, or 1 if that is more."""
    most_x = _ceiling([x for x, _ in (*line, *guide)])
    most_y = _ceiling([y for _, y in (*line, *guide)])

    def place(point: tuple[float, float]) -> str:
        x = LEFT + point[0] / most_x * (WIDTH - LEFT - 12)
        y = HEIGHT - BOTTOM - point[1] / most_y * (HEIGHT - BOTTOM - 12)
        return f"{x:.1f},{y:.1f}"

    ticks = [_tick(place((share * most_x, 0)), share * most_x, True) for share in _SHARES]
    ticks += [_tick(place((0, share * most_y)), share * most_y, False) for share in _SHARES]
    dots = [_dot(place(point)) for point in line]
    middle = (WIDTH + LEFT) / 2
    return _svg(
        title,
        WIDTH,
        HEIGHT,
        [
            f'<polyline class="guide" points="{" ".join(map(place, guide))}"/>',
            f'<polyline class="line" points="{" ".join(map(place, line))}"/>',
            *dots,
            *ticks,
            f'<text x="{middle:.0f}" y="{HEIGHT - 4}" text-anchor="middle">{escape(axes[0])}</text>',
            f'<text x="{-(HEIGHT - BOTTOM) / 2:.0f}" y="12" transform="rotate(-90)" '
            f'text-anchor="middle">{escape(axes[1])}</text>',
        ],
    )


def bars(title: str, values: Sequence[tuple[str, float]], marks: Sequence[float] = ()) -> str:
    """A bar a name, the longest as wide as the plot; `marks` are thresholds drawn across."""
    width = WIDTH + 80
    most = max([value for _, value in values] + [max(marks, default=0) * 1.1, 1e-12])
    room = width - NAME_WIDTH - 70
    height = BAR * len(values) + 6
    parts = []
    for index, (name, value) in enumerate(values):
        y = index * BAR + 3
        length = max(0.0, value) / most * room
        parts += [
            f'<text x="{NAME_WIDTH - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="bar" x="{NAME_WIDTH}" y="{y}" width="{length:.1f}" height="{BAR - 6}"/>',
            f'<text x="{NAME_WIDTH + length + 6:.1f}" y="{y + 13}">{value:.3g}</text>',
        ]
    for mark in marks:
        x = NAME_WIDTH + mark / most * room
        parts.append(f'<line class="guide" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height}"/>')
    return _svg(title, width, height, parts)


_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def _ceiling(values: Sequence[float]) -> float:
    """The next 1, 2 or 5 at or above the greatest value."""
    most = max(values, default=0)
    step = 1e-4
    while True:
        for factor in (1, 2, 5):
            if step * factor >= most:
                return step * factor
        step *= 10


def _tick(at: str, value: float, below: bool) -> str:
    x, y = (float(one) for one in at.split(","))
    if below:
        return f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{value:.3g}</text>'
    return f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>'


def _dot(at: str) -> str:
    x, y = at.split(",")
    return f'<circle class="dot" cx="{x}" cy="{y}" r="3"/>'


def _svg(title: str, width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg role="img" aria-label="{escape(title, quote=True)}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
