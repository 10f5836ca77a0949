"""The text format of word vectors: a line is a word and its numbers, separated by spaces."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from typing import BinaryIO

import numpy as np
import pandas as pd

from jner_re.errors import InputError

_LINES = 10_000  # parsed at a time
_LONGEST = 1 << 16  # bytes of a line

Lines = list[tuple[int, bytes]]  # line numbers from 1 and lines without their ends


def parse(
    text: BinaryIO, origin: str, vectors: BinaryIO, tick: Callable[[], object]
) -> tuple[list[str], int]:
    """Reads all of `text` and writes the vectors, one after the other, as float32.

    Lines end at "\\n" only: GloVe's words hold other characters that Unicode counts as line ends. How many
    numbers a line has is taken from the first lines. A word may hold spaces. A first line of two integers
    (word2vec's header) and blank lines are skipped.

    Args:
      text: UTF-8.
      origin: what error messages call it.
      vectors: where the numbers go.
      tick: called now and then, for a progress bar.

    Returns:
      The words, each once, and how many lines gave a word for the second time: the first vector counts.

    Raises:
      InputError: if a line's word is empty or no UTF-8, or its numbers are too few, too many or malformed.
    """
    words: dict[str, None] = {}
    again = 0
    width = 0
    for lines in _batches(text, origin):
        width = width or _width(lines, origin)
        new, rows = _parse_lines(lines, width, origin)
        keep = []
        for row, word in enumerate(new):
            if word not in words:
                words[word] = None
                keep.append(row)
        again += len(new) - len(keep)
        vectors.write((rows if len(keep) == len(new) else rows[keep]).tobytes())
        tick()
    if not words:
        raise InputError(f"{origin}: has no word vectors, expected lines of a word and its numbers")
    return list(words), again


def _batches(text: BinaryIO, origin: str) -> Iterator[Lines]:
    lines = ((number, line.rstrip(b" \r\n")) for number, line in enumerate(_lines(text, origin), start=1))
    filled = ((number, line) for number, line in lines if line and not (number == 1 and _is_header(line)))
    while batch := list(islice(filled, _LINES)):
        yield batch


def _lines(text: BinaryIO, origin: str) -> Iterator[bytes]:
    """The lines; what is packed may have one that would fill the memory."""
    for number in count(1):
        line = text.readline(_LONGEST + 1)
        if len(line) > _LONGEST:
            problem = f"more than {_LONGEST:,} bytes, expected a word and its numbers"
            raise InputError(f"{origin}: line {number} has {problem}")
        if not line:
            return
        yield line


def _is_header(line: bytes) -> bool:
    fields = line.split(b" ")
    return len(fields) == 2 and all(field.isdigit() for field in fields)


def _width(lines: Lines, origin: str) -> int:
    width = statistics.mode(line.count(b" ") for _, line in lines[:1000])
    if not width:
        number, line = lines[0]
        raise InputError(f"{origin}: line {number} is {_shown(line)}, expected a word and its numbers")
    return width


def _parse_lines(lines: Lines, width: int, origin: str) -> tuple[list[str], np.ndarray]:
    """The words of the lines and their vectors, float32 [lines, width]."""
    words, numbers = [], []
    for number, line in lines:
        if line.count(b" ") == width:
            word, _, rest = line.partition(b" ")
        else:
            word, *fields = line.rsplit(b" ", width)
            rest = b" ".join(fields)
            if len(fields) != width or _is_number(word.rpartition(b" ")[2]):
                raise InputError(f"{origin}: line {number} has {line.count(b' ')} numbers, expected {width}")
        try:
            words.append(word.decode())
        except UnicodeDecodeError:
            raise InputError(f"{origin}: line {number}: the word {word!r} is not UTF-8") from None
        if not word:
            raise InputError(f"{origin}: line {number} starts with a space, expected a word")
        numbers.append(rest)
    values = _to_floats(b"\n".join(numbers))
    if values is None or values.shape != (len(lines), width) or not np.isfinite(values).all():
        raise _bad_number(lines, numbers, origin)
    return words, values


def _to_floats(rows: bytes) -> np.ndarray | None:
    """The numbers of lines of numbers, float32 [lines, width]; None if something is malformed."""
    if b"\0" in rows:
        return None  # it would end a number and hide what follows
    try:
        # Much the fastest parser at hand; quotes, "nan" and the like mean nothing to it with these options.
        with np.errstate(over="ignore"):
            return pd.read_csv(
                io.BytesIO(rows),
                sep=" ",
                header=None,
                dtype=np.float32,
                na_filter=False,
                quoting=csv.QUOTE_NONE,
                float_precision="high",
            ).to_numpy()
    except ValueError:
        return None


def _bad_number(lines: Lines, numbers: Sequence[bytes], origin: str) -> InputError:
    for (number, _), text in zip(lines, numbers, strict=True):
        for field in text.split(b" "):
            if not (_is_number(field) and abs(float(field)) <= float(np.finfo(np.float32).max)):
                return InputError(f"{origin}: line {number} has {_shown(field)}, expected a finite number")
    return InputError(f"{origin}: lines {lines[0][0]} to {lines[-1][0]} hold something that is no number")


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _shown(line: bytes) -> str:
    return repr(line[:60].decode(errors="replace"))
