"""Numbers in JSON: Python reads none of thousands of digits, and prints Infinity, which is no JSON."""

from __future__ import annotations

import math

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


def _finite(value: float, number: str) -> float:
    if abs(value) == math.inf:
        raise ValueError(f"{number[:40]}{'…' * (len(number) > 40)} is too large a number")
    return value
