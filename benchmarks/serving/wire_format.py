"""Reads protocol buffers without their classes, which are in Python's TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of a protocol buffer's fields; a value is an integer (varint) or bytes."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        number, wire_type = divmod(varint(), 8)
        if wire_type == 0:
            yield number, varint()
        else:
            size = {1: 8, 5: 4}[wire_type] if wire_type != 2 else varint()
            at += size
            yield number, message[at - size : at]


def only(message: bytes, number: int) -> Any:
    """The value of a field that is there once."""
    (value,) = (value for n, value in fields(message) if n == number)
    return value


def mapping(message: bytes, number: int) -> dict[str, bytes]:
    """A field of type map<string, a message>."""
    entries = (value for n, value in fields(message) if n == number)
    return {only(entry, 1).decode(): only(entry, 2) for entry in entries}
