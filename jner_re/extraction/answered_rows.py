"""Whether what a server has answered are rows: it may be another model's, or anybody's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jner_re.extraction.outputs import BOTH, BREAKS, ENTITY, RELATION


def is_row(row: Any, asked: str | Sequence[str]) -> bool:
    """Whether it is an answer to a text, or to the tokens of a sentence.

    Its outputs are lists of the types of `OUTPUTS`, of entities and of relations equally long; tokens are
    found in the text, one behind the other, entities in it, and relations are between entities.
    """
    if not isinstance(row, dict) or not all(_is_list(row.get(output.name), output.dtype) for output in BOTH):
        return False
    breaks = row.get(BREAKS.name, [])
    if not _is_list(breaks, BREAKS.dtype) or not all(-1 <= place <= len(asked) for place in breaks):
        return False
    for outputs in (ENTITY, RELATION):
        if len({len(row[output.name]) for output in outputs}) > 1:
            return False
    count = sum(kind != "" for kind in row["entity_type"])  # padding stands behind them
    for kind, start, end in zip(row["entity_type"], row["entity_start"], row["entity_end"], strict=True):
        if kind and not 0 <= start < end <= len(asked):
            return False
    for kind, head, tail in zip(
        row["relation_type"], row["relation_head"], row["relation_tail"], strict=True
    ):
        if kind and not (0 <= head < count and 0 <= tail < count):
            return False
    return not isinstance(asked, str) or _are_in(row["token"], asked)


def _is_list(values: Any, dtype: str) -> bool:
    return isinstance(values, list) and all(_is_value(value, dtype) for value in values)


def _is_value(value: Any, dtype: str) -> bool:
    if dtype == "string":
        return isinstance(value, str)
    types = (int,) if dtype == "int32" else (int, float)
    return isinstance(value, types) and not isinstance(value, bool) and abs(value) < math.inf


def _are_in(tokens: Sequence[str], text: str) -> bool:
    end = 0
    for token in tokens:
        start = text.find(token, end)
        if start < 0:
            return False
        end = start + len(token)
    return True
