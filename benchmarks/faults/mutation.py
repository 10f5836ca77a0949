"""Files that are almost right: valid ones with bytes flipped, cut, repeated, and values of JSON replaced."""

from __future__ import annotations

import json
import random as randoms
from typing import Any

_DEEP, _LONG, _HUGE = "@deep@", "@long@", "@huge@"  # what json can't print, put into its text
_TEXTS = {
    f'"{_DEEP}"': "[" * 20_000 + "]" * 20_000,
    f'"{_LONG}"': "9" * 5_000,
    f'"{_HUGE}"': "-1e999",
}
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 7, 2**31, 2**63, -(2**64), 10**30, 0.5, -0.0, 1e308, float("nan")),
    *("", "a", "\0", "\ud800", "\u202e", "\n", "x" * 3_000, "../../etc/passwd", "<script>alert(1)</script>"),
    *([], {}, [[]], [0], [None], [""], {"": 0}, {"type": "A", "start": 0, "end": 1}, _DEEP, _LONG, _HUGE),
)
_PIECES = (
    b"",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r",
    b"\t",
    b'"',
    b"[",
    b"{",
    b"<",
    b"&#0;",
    b"9" * 5_000,
)


def mutated(content: bytes, random: randoms.Random) -> bytes:
    """A valid file with one to three changes."""
    for _ in range(random.choice((1, 1, 2, 3))):
        changed = _json_changed(content, random) if random.random() < 0.6 else None
        content = _bytes_changed(content, random) if changed is None else changed
    return content


def _bytes_changed(content: bytes, random: randoms.Random) -> bytes:
    if not content:
        return random.choice(_PIECES)
    begin = random.randrange(len(content))
    end = min(len(content), begin + random.choice((1, 1, 2, 8, 100)))
    part = content[begin:end]
    match random.randrange(6):
        case 0:  # flipped
            part = bytes(byte ^ (1 << random.randrange(8)) for byte in part)
        case 1:  # broken off
            return content[:begin]
        case 2:  # left out
            part = b""
        case 3:  # twice
            part += part
        case 4:  # elsewhere
            other = random.randrange(len(content))
            part = content[other : other + len(part)]
        case _:
            part = random.choice(_PIECES)
    return content[:begin] + part + content[end:]


def _json_changed(content: bytes, random: randoms.Random) -> bytes | None:
    """With one value of its JSON, or of a line of it, replaced; None if it is no JSON."""
    try:
        return _dumped(_replaced(json.loads(content), random))
    except (ValueError, RecursionError):
        pass
    lines = content.splitlines()
    number = random.randrange(len(lines)) if lines else 0
    try:
        lines[number] = _dumped(_replaced(json.loads(lines[number]), random))
    except (IndexError, ValueError, RecursionError):
        return None
    return b"\n".join(lines)


def _dumped(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=True)
    for mark, instead in _TEXTS.items():
        text = text.replace(mark, instead)
    return text.encode()


def _replaced(value: Any, random: randoms.Random) -> Any:
    """With a value somewhere in it replaced, left out, or under another name."""
    places = list(_places(value))
    if not places:
        return random.choice(_VALUES)
    holder, key = random.choice(places)
    match random.randrange(8):
        case 0:
            del holder[key]
        case 1:  # another one's
            other, name = random.choice(places)
            holder[key] = json.loads(json.dumps(other[name]))
        case 2 if isinstance(holder, dict):
            holder[random.choice(("", "x", "\ud800", "id", "type"))] = holder.pop(key)
        case 3 if isinstance(holder, list):
            holder.append(holder[key])
        case _:
            holder[key] = random.choice(_VALUES)
    return value


def _places(value: Any) -> Any:
    """Every list or object in a value, with each of its indexes or names."""
    left = [value]
    while left:
        holder = left.pop()
        if isinstance(holder, (list, dict)):
            for key in range(len(holder)) if isinstance(holder, list) else list(holder):
                yield holder, key
                left.append(holder[key])
