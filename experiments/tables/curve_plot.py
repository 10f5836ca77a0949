"""A learning curve as an SVG that can be read on a light and on a dark page."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence

import pandas as pd

from jner_re.drawing.colors import color

from .learning_curve import TASKS, Curve

_WIDTH, _HEIGHT = 300.0, 220.0  # of a panel, in pixels
_LEFT, _RIGHT, _ABOVE, _BELOW = 64.0, 24.0, 34.0, 54.0
_GREY = "#767676"  # a contrast of 4.5 with white as well as with black

Place = Callable[[float], float]


def plot(curves: Sequence[Curve], corpus: str) -> str:
    """A panel for each task: F1 on dev by sentences of train (logarithmic), bars a standard deviation long.

    Args:
      curves: each of them a line.
      corpus: the name, for those who can't see it.
    """
    panels = []
    for number, (task, title) in enumerate(TASKS.items()):
        points = {curve.name: curve.points(task) for curve in curves}
        panels += _panel(points, title, number * (_LEFT + _WIDTH + _RIGHT) + _LEFT)
    width, height = len(TASKS) * (_LEFT + _WIDTH + _RIGHT), _ABOVE + _HEIGHT + _BELOW
    legend = _legend([curve.name for curve in curves])
    label = f"learning curve of {html.escape(corpus)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" fill="{_GREY}" '
        f'font-family="sans-serif" font-size="12" text-anchor="middle">{"".join([*legend, *panels])}</svg>\n'
    )


def _panel(points: dict[str, pd.DataFrame], title: str, left: float) -> list[str]:
    every = pd.concat(points.values())
    sizes, bars = sorted({*every["sentences"]}), every["deviation"].fillna(0)
    low = 5 * math.floor((every["mean"] - bars).min() / 5)
    high = 5 * math.ceil((every["mean"] + bars).max() / 5)
    first, last = math.log(sizes[0]), math.log(sizes[-1])

    def x(size: float) -> float:
        return left + _WIDTH * (math.log(size) - first) / ((last - first) or 1)

    def y(score: float) -> float:
        return _ABOVE + _HEIGHT * (high - score) / ((high - low) or 1)

    bottom = _ABOVE + _HEIGHT
    edge = f'x="{left:g}" y="{_ABOVE:g}" width="{_WIDTH:g}" height="{_HEIGHT:g}"'
    middle = _ABOVE + _HEIGHT / 2
    parts = [
        f'<rect {edge} fill="none" stroke="{_GREY}"/>',
        f'<text x="{left + _WIDTH / 2:g}" y="{bottom + 40:g}">sentences of train</text>',
        f'<text transform="translate({left - 44:g} {middle:g}) rotate(-90)">{title} on dev</text>',
    ]
    chance = next(iter(points.values()))
    for size in chance["sentences"]:
        parts.append(f'<path d="M{x(size):.1f},{bottom:g} v4" stroke="{_GREY}"/>')
        parts.append(f'<text x="{x(size):.1f}" y="{bottom + 18:g}">{size:,.0f}</text>')
    for score in range(low, high + 1, 5 if high - low <= 40 else 10):
        parts.append(f'<path d="M{left:g},{y(score):.1f} h-4" stroke="{_GREY}"/>')
        parts.append(f'<text x="{left - 7:g}" y="{y(score) + 4:.1f}" text-anchor="end">{score}</text>')
    for name, found in points.items():
        parts += _line(found, name, x, y)
    return parts


def _line(found: pd.DataFrame, name: str, x: Place, y: Place) -> list[str]:
    ink = color(name)
    rows = list(found.itertuples(index=False))
    places = [(x(row.sentences), y(row.mean)) for row in rows]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    parts = [f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="2"/>']
    for row, (a, b) in zip(rows, places, strict=True):
        if not math.isnan(row.deviation):
            top, bottom = y(row.mean + row.deviation), y(row.mean - row.deviation)
            parts.append(f'<path d="M{a:.1f},{top:.1f} V{bottom:.1f}" stroke="{ink}"/>')
        told = f"{name}, {row.sentences:,.0f} sentences: {row.mean:.2f}"
        parts.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{ink}"><title>{told}</title></circle>')
    return parts


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    for number, name in enumerate(names):
        left = _LEFT + 110 * number
        parts.append(f'<path d="M{left:g},16 h22" stroke="{color(name)}" stroke-width="2"/>')
        parts.append(f'<text x="{left + 28:g}" y="20" text-anchor="start">{name}</text>')
    return parts
