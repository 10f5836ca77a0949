"""The division of a corpus into shards: always the same for the same files, without keeping any text."""

from __future__ import annotations

import dataclasses
import glob
import pathlib
from collections.abc import Iterator, Sequence

from jner_re import files
from jner_re.errors import InputError

from ..text_lines import TAKEN

FORMATS = ("txt", "jsonl", "parquet")


@dataclasses.dataclass(frozen=True)
class Shard:
    """Consecutive lines (of Parquet, rows) of one file.

    Attributes:
      name: of its part of the output, without the ending.
      path: of the file.
      first: its first line, from 0.
      count: lines, blank ones among them.
      offset: byte where its first line begins; 0 for Parquet.
    """

    name: str
    path: str
    first: int
    count: int
    offset: int


def find_files(pattern: str) -> list[pathlib.Path]:
    """A file, the files of a folder with one of the endings, or those that a pattern matches; sorted.

    Raises:
      InputError: there are none, or they have several endings or another one.
    """
    given = files.user_path(pattern)
    if given.is_dir():
        found = [path for path in given.iterdir() if _format(path) in FORMATS]
    elif given.is_file():  # its name may have signs of a pattern
        found = [given]
    else:
        folder = next(parent for parent in given.parents if parent.exists())  # likewise
        pattern_in_it = pathlib.Path(glob.escape(str(folder)), given.relative_to(folder))
        found = [pathlib.Path(name) for name in glob.glob(str(pattern_in_it), recursive=True)]
    paths = sorted(path.resolve() for path in found if path.is_file() and not path.name.startswith("."))
    formats = sorted({_format(path) for path in paths})
    if not paths or len(formats) > 1 or formats[0] not in FORMATS:
        there = f"files that end in {' and '.join(map(repr, formats))}" if paths else "no such file"
        raise InputError(
            f"{pattern}: {there}, expected files that all end in .txt, all in .jsonl or all in .parquet"
        )
    return paths


def divide(paths: Sequence[pathlib.Path], size: int, text_field: str) -> list[Shard]:
    """Shards of at most `size` lines. Files of lines are read for it once, of Parquet only the footer.

    Raises:
      InputError: a file can't be read; Parquet without such a column of texts, or with one of an answer.
    """
    pieces = [(path, *piece) for path in paths for piece in _pieces(path, size, text_field)]
    digits = max(5, len(str(len(pieces) - 1)))
    return [
        Shard(f"part-{number:0{digits}}", str(path), first, count, offset)
        for number, (path, first, count, offset) in enumerate(pieces)
    ]


def _format(path: pathlib.Path) -> str:
    return path.suffix.removeprefix(".")


def _pieces(path: pathlib.Path, size: int, text_field: str) -> Iterator[tuple[int, int, int]]:
    """First line, number of lines and first byte of each shard of a file."""
    if _format(path) == "parquet":
        rows = _parquet_rows(path, text_field)
        yield from ((first, min(size, rows - first), 0) for first in range(0, rows, size))
        return
    first = count = offset = length = 0
    try:
        with path.open("rb") as file:
            for line in file:
                count, length = count + 1, length + len(line)
                if count == size:
                    yield first, count, offset
                    first, count, offset, length = first + count, 0, offset + length, 0
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from None
    if count:
        yield first, count, offset


def _parquet_rows(path: pathlib.Path, text_field: str) -> int:
    """The number of rows of a file that has what is needed."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: can't be read as Parquet: {' '.join(str(error).split())}") from None
    kind = schema.field(text_field).type if text_field in schema.names else None
    if kind not in (pa.string(), pa.large_string()):
        there = "no such column" if kind is None else f"its type is {kind}"
        raise InputError(
            f"{path}: column {text_field!r}: {there}, expected a column of strings (--text_field)"
        )
    for name in TAKEN:
        if name in schema.names:
            raise InputError(f"{path}: column {name!r} has the name of an answer, expected another name")
    return rows
