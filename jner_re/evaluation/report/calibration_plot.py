"""The reliability of scores as an SVG."""

from __future__ import annotations

from jner_re.evaluation.calibration import Reliability

_SIZE = 220.0  # of the square, in pixels
_LEFT, _TOP = 46.0, 12.0  # of the square's corner
_COUNTS = 46.0  # height of the histogram
_GAP = 8.0  # between the square and the histogram
_WIDTH, _HEIGHT = _LEFT + _SIZE + 14, _TOP + _SIZE + _GAP + _COUNTS + 46


def plot(result: Reliability, label: str) -> str:
    """The share that is right over the mean score of each bin, and below it how many predictions a bin has.

    Scores that are probabilities lie on the diagonal. The SVG takes the text colour of the page; elements
    have the classes `axis`, `bar` and `point`.

    Args:
      result: the bins.
      label: what the plot is of, for those who can't see it.
    """
    count = len(result.counts)
    most = max(1, *result.counts)
    base = _TOP + _SIZE + _GAP + _COUNTS
    parts = [_axes(base)]
    for k, (number, score, share) in enumerate(
        zip(result.counts, result.mean_scores, result.accuracies, strict=True)
    ):
        if number:
            title = f"<title>{number:,} scored {score:.3f} on average, {share:.3f} of them right</title>"
            height = max(1.0, _COUNTS * number / most)
            place = f'x="{_x(k / count) + 1:.1f}" y="{base - height:.1f}"'
            size = f'width="{_SIZE / count - 2:.1f}" height="{height:.1f}"'
            parts.append(f'<rect class="bar" {place} {size}>{title}</rect>')
            parts.append(
                f'<circle class="point" cx="{_x(score):.1f}" cy="{_y(share):.1f}" r="5">{title}</circle>'
            )
    error = f"expected calibration error {result.expected_calibration_error:.3f}"
    size = f'width="{_WIDTH:g}" height="{_HEIGHT:g}" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}, {error}" {size} '
        f'fill="currentColor" font-size="12" text-anchor="middle">{"".join(parts)}</svg>'
    )


def _axes(base: float) -> str:
    """The square, its diagonal and its ticks; the line of the histogram at `base`."""
    parts = [
        f'<rect class="axis" x="{_LEFT:g}" y="{_TOP:g}" width="{_SIZE:g}" height="{_SIZE:g}" fill="none"/>',
        f'<path class="axis" d="M{_x(0):g},{_y(0):g} L{_x(1):g},{_y(1):g}" stroke-dasharray="4 3"/>',
        f'<path class="axis" d="M{_LEFT:g},{base:g} h{_SIZE:g}"/>',
    ]
    for fifths in range(6):
        value = fifths / 5
        parts.append(f'<text x="{_x(value):g}" y="{base + 16:g}">{value:g}</text>')
        parts.append(f'<text x="{_LEFT - 6:g}" y="{_y(value) + 4:g}" text-anchor="end">{value:g}</text>')
    across, up = _x(0.5), _y(0.5)
    parts.append(f'<text x="{across:g}" y="{base + 36:g}">score</text>')
    parts.append(f'<text x="14" y="{up:g}" transform="rotate(-90 14 {up:g})">share that is right</text>')
    parts.append(f'<text x="{_LEFT - 6:g}" y="{base - _COUNTS / 2 + 4:g}" text-anchor="end">count</text>')
    return "".join(parts)


def _x(value: float) -> float:
    return _LEFT + value * _SIZE


def _y(value: float) -> float:
    return _TOP + (1 - value) * _SIZE
