"""Records of corpora in JSON: their fields, of the right type or an error that says what is wrong."""

from __future__ import annotations

import collections
import json
import math
import pathlib
from typing import Any

from jner_re import json_text
from jner_re.corpora.corpus import Finding, Loss, has_surrogate
from jner_re.schema import EntitySpan, RelationPair


class WrongShapeError(Exception):
    """A record that cannot be read; carries the field, its value and what was expected."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(field)
        shown = json.dumps(value)
        self.field, self.value, self.expected = (
            field,
            shown if len(shown) <= 60 else f"{shown[:57]}...",
            expected,
        )

    def finding(self, file: pathlib.Path, record: str, action: str, loss: Loss) -> Finding:
        """What to tell of it."""
        return Finding(str(file), record, self.field, self.value, self.expected, action, loss=loss)


def loads(text: str, only_finite: bool = False) -> Any:
    """The value of a JSON text.

    Args:
      text: of JSON.
      only_finite: whether to refuse numbers that are none of JSON, or infinite.

    Raises:
      json.JSONDecodeError: it is none.
      ValueError: an object has a key twice, or a number is refused.
      RecursionError: it is nested too deeply.
    """
    strict: dict[str, Any] = {
        "parse_int": json_text.finite_integer,
        "parse_float": json_text.finite_float,
        "parse_constant": json_text.refuse_constant,
    }
    how = strict if only_finite else {"parse_int": json_text.integer}
    return json.loads(text, object_pairs_hook=_unique_keys, **how)


def loss_of(record: Any) -> Loss:
    """What a record of a wrong shape holds, as far as it can be counted."""
    lists = record if isinstance(record, dict) else {}
    counts = (len(lists[key]) if isinstance(lists.get(key), list) else 0 for key in ("entities", "relations"))
    return Loss("record of a wrong shape", 1, *counts)


def entities(record: dict[str, Any]) -> list[EntitySpan]:
    """Its "entities": [{"type", "start", "end"}]; raises WrongShapeError."""
    return [
        EntitySpan(integer(item, "start", field), integer(item, "end", field), _type(item, field))
        for field, item in objects(record, "entities")
    ]


def relations(record: dict[str, Any]) -> list[RelationPair]:
    """Its "relations": [{"type", "head", "tail"}]; raises WrongShapeError."""
    return [
        RelationPair(integer(item, "head", field), integer(item, "tail", field), _type(item, field))
        for field, item in objects(record, "relations")
    ]


def scores(record: dict[str, Any], key: str) -> list[float]:
    """The "score" of each object of a list, NaN where there is none; raises WrongShapeError."""
    return [score(item, field) for field, item in objects(record, key)]


def integers(record: dict[str, Any], key: str) -> tuple[int, ...]:
    """The list of integers under a key that may be missing; raises WrongShapeError."""
    values = record.get(key) or []
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise WrongShapeError(key, values, "a list of integers")
    return tuple(values)


def lists_of_integers(record: dict[str, Any], key: str) -> list[list[int]]:
    """The lists of integers in the list under a key that may be missing; raises WrongShapeError."""
    values = record.get(key) or []
    if not isinstance(values, list):
        raise WrongShapeError(key, values, "a list of lists of integers")
    for i, value in enumerate(values):
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise WrongShapeError(f"{key}[{i}]", value, "a list of integers")
    return values


def list_of(record: dict[str, Any], key: str) -> list[Any]:
    """The list under a key; raises WrongShapeError."""
    if key not in record:
        raise WrongShapeError(key, None, "a list (the key is missing)")
    if not isinstance(record[key], list):
        raise WrongShapeError(key, record[key], "a list")
    return record[key]


def check_text(value: Any, field: str) -> str:
    """A string of Unicode; raises WrongShapeError."""
    if not isinstance(value, str):
        raise WrongShapeError(field, value, "a string")
    if has_surrogate(value):
        raise WrongShapeError(field, value, "Unicode text (it has half a surrogate pair)")
    return value


def check_id(value: Any, field: str) -> str:
    """A string or a number as a string, "" for None; raises WrongShapeError."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return check_text(value, field)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        key = collections.Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"an object has the key {key!r} twice")
    return unique


def objects(record: dict[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    """The objects of the list under a key, each with the name of its field; raises WrongShapeError."""
    items = [(f"{key}[{i}]", item) for i, item in enumerate(list_of(record, key))]
    for field, item in items:
        if not isinstance(item, dict):
            raise WrongShapeError(field, item, "an object")
    return items


def integer(item: dict[str, Any], key: str, field: str) -> int:
    """The integer under a key of an object; raises WrongShapeError."""
    value = item.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        missing = "" if key in item else " (the key is missing)"
        raise WrongShapeError(f"{field}.{key}", value, "an integer" + missing)
    return value


def score(item: dict[str, Any], field: str) -> float:
    """Its "score", NaN if there is none; raises WrongShapeError."""
    value = item.get("score")
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise WrongShapeError(f"{field}.score", value, "a number from 0 to 1")
    return float(value)


def _type(item: dict[str, Any], field: str) -> str:
    if "type" not in item:
        raise WrongShapeError(f"{field}.type", None, "a string (the key is missing)")
    return check_text(item["type"], f"{field}.type")
