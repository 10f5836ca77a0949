"""JSON of files: Python reads no number of thousands of digits, and prints Infinity, which is no JSON."""

from __future__ import annotations

import json
import math
from typing import Any

_MAX_DIGITS = 1000  # of a whole number


def integer(digits: str) -> float:
    """A whole number; of too many digits an infinite one, which is none where an integer is expected."""
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)


def finite_integer(digits: str) -> float:
    """A whole number; raises ValueError if it has too many digits."""
    return _finite(integer(digits), digits)


def finite_float(number: str) -> float:
    """Any other number; raises ValueError if it is too large."""
    return _finite(float(number), number)


def line(value: Any) -> str:
    """A line of JSON lines, in Unicode; half of a surrogate pair, which UTF-8 does not have, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def refuse_constant(name: str) -> None:
    """Raises ValueError for NaN and Infinity, which Python reads."""
    raise ValueError(f"{name} is no JSON")


def _finite(value: float, number: str) -> float:
    if abs(value) == math.inf:
        raise ValueError(f"{number[:40]}{'…' * (len(number) > 40)} is too large a number")
    return value
