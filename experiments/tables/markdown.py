"""Tables in Markdown, and numbers as they stand in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a heading; no newline at the end."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def deviating(score: Mapping[str, float | None]) -> str:
    """ "87.20 ± 0.31" of {"mean", "deviation"}, "87.20" of one run."""
    deviation = score["deviation"]
    return f"{score['mean']:.2f}" + ("" if deviation is None else f" ± {deviation:.2f}")


def percent(ratio: float | None) -> str:
    """`figure` of a ratio from 0 to 1."""
    return figure(None if ratio is None else 100 * ratio)


def figure(value: float | None) -> str:
    """Two decimals, or "–" where there is no figure."""
    return "–" if value is None else f"{value:.2f}"
