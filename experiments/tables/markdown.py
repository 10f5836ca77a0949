"""Tables in Markdown, and numbers as they stand in them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def table(frame: pd.DataFrame) -> str:
    """A data frame's columns and rows; no newline at the end."""
    lines = [list(frame.columns), ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def deviating(score: Mapping[str, float | None]) -> str:
    """ "87.20 ± 0.31" of {"mean", "deviation"}, "87.20" of one run."""
    deviation = score["deviation"]
    return f"{score['mean']:.2f}" + ("" if deviation is None else f" ± {deviation:.2f}")


def figure(value: float | None) -> str:
    """Two decimals, or "–" where there is no figure."""
    return "–" if value is None else f"{value:.2f}"
