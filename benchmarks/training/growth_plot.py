"""The growth of training's cost as an SVG that can be read on a light and on a dark page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from benchmarks.training.growth_results import Axis
from jner_re.drawing.colors import color

_WIDTH, _HEIGHT = 210.0, 150.0  # of a panel, in pixels
_LEFT, _RIGHT, _ABOVE, _BELOW = 64.0, 16.0, 10.0, 50.0  # around each panel
_GREY = "#767676"  # a contrast of 4.5 with white as well as with black

Place = Callable[[float], float]


def plot(axes: Sequence[Axis]) -> str:
    """A column for each axis: the seconds that grow, on logarithmic scales, and below them the memory.

    A dashed line is what linear growth from the first point would be.
    """
    column, row = _LEFT + _WIDTH + _RIGHT, _ABOVE + _HEIGHT + _BELOW
    parts = []
    for k, axis in enumerate(axes):
        seconds, x = axis.growing(), _across(axis.sizes, k * column + _LEFT)
        linear = [seconds[0] * size / axis.sizes[0] for size in axis.sizes]
        ticks = log_ticks(min(seconds + linear), max(seconds + linear))
        y = _up(ticks, math.log, _ABOVE)
        parts += _frame(x, y, axis, ticks, f"seconds a {'pass' if axis.whole_pass else 'sentence'}")
        parts.append(_line(x, y, axis.sizes, linear, _GREY, 'stroke-dasharray="4 3"'))
        parts += _points(x, y, axis.sizes, seconds, color("seconds"), "s")
        memory = [cost.memory / 2**30 for cost in axis.costs]
        ticks = linear_ticks(max(memory))
        y = _up(ticks, float, row + _ABOVE)
        parts += _frame(x, y, axis, ticks, "largest resident set, GiB")
        parts += _points(x, y, axis.sizes, memory, color("memory"), "GiB")
    width, height = len(axes) * column, 2 * row
    names = ", ".join(axis.name for axis in axes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="cost of training by {names}" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" fill="{_GREY}" '
        f'font-family="sans-serif" font-size="12" text-anchor="middle">{"".join(parts)}</svg>\n'
    )


def log_ticks(low: float, high: float) -> list[float]:
    """Numbers …, 1, 2, 5, 10, …, from the last that is not above `low` to the first not below `high`."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [float(f"{digit}e{exponent}") for exponent in exponents for digit in (1, 2, 5)]
    first = max(tick for tick in every if tick <= low)
    last = min(tick for tick in every if tick >= high and tick > first)
    return [tick for tick in every if first <= tick <= last]


def linear_ticks(high: float) -> list[float]:
    """At most six multiples of 1, 2 or 5 times a power of ten, from 0 to the first not below `high`."""
    power = 10.0 ** math.floor(math.log10(high / 5))
    step = min(digit * power for digit in (1, 2, 5, 10) if digit * power >= high / 5)
    return [step * k for k in range(math.ceil(high / step) + 1)]


def _across(sizes: Sequence[int], left: float) -> Place:
    low, high = math.log(sizes[0]), math.log(sizes[-1])
    return lambda size: left + _WIDTH * (math.log(size) - low) / (high - low)


def _up(ticks: Sequence[float], scale: Callable[[float], float], top: float) -> Place:
    low, high = scale(ticks[0]), scale(ticks[-1])
    return lambda value: top + _HEIGHT * (high - scale(value)) / (high - low)


def _frame(x: Place, y: Place, axis: Axis, ticks: Sequence[float], label: str) -> list[str]:
    """The panel's edge, its ticks and what the two directions are."""
    left, right, top, bottom = x(axis.sizes[0]), x(axis.sizes[-1]), y(ticks[-1]), y(ticks[0])
    middle = (top + bottom) / 2
    edge = f'x="{left:g}" y="{top:g}" width="{_WIDTH:g}" height="{_HEIGHT:g}"'
    parts = [
        f'<rect {edge} fill="none" stroke="{_GREY}"/>',
        f'<text x="{(left + right) / 2:g}" y="{bottom + 36:g}">{axis.name}</text>',
        f'<text transform="translate({left - 48:g} {middle:g}) rotate(-90)">{label}</text>',
    ]
    for size in axis.sizes:
        parts.append(f'<path d="M{x(size):.1f},{bottom:g} v4" stroke="{_GREY}"/>')
        parts.append(f'<text x="{x(size):.1f}" y="{bottom + 17:g}">{size:,}</text>')
    for tick in ticks:
        parts.append(f'<path d="M{left:g},{y(tick):.1f} h-4" stroke="{_GREY}"/>')
        parts.append(f'<text x="{left - 7:g}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    return parts


def _points(
    x: Place, y: Place, sizes: Sequence[int], values: Sequence[float], shade: str, unit: str
) -> list[str]:
    """A line through dots; a dot's title is its value."""
    dots = [
        f'<circle cx="{x(size):.1f}" cy="{y(value):.1f}" r="4" fill="{shade}">'
        f"<title>{size:,}: {value:.3g} {unit}</title></circle>"
        for size, value in zip(sizes, values, strict=True)
    ]
    return [_line(x, y, sizes, values, shade, 'stroke-width="2"'), *dots]


def _line(x: Place, y: Place, sizes: Sequence[int], values: Sequence[float], shade: str, options: str) -> str:
    places = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in zip(sizes, values, strict=True))
    return f'<polyline points="{places}" fill="none" stroke="{shade}" {options}/>'
