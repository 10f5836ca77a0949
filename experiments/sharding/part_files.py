"""The texts of a shard, and the file of its answers: lines of JSON, or Parquet."""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from jner_re import files
from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.extraction import outputs
from jner_re.extraction.outputs import Output

from .. import answers, text_lines
from ..text_lines import Line
from .shards import Shard

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 1024


def read(shard: Shard, text_field: str) -> list[Line]:
    """The shard's texts: of lines, those that are not blank.

    Raises:
      OSError: the file can't be read.
    """
    path = pathlib.Path(shard.path)
    if path.suffix == ".parquet":
        return list(_read_rows(path, shard, text_field))
    is_json = path.suffix == ".jsonl"
    return list(text_lines.read_part(path, shard.offset, shard.first + 1, shard.count, is_json, text_field))


def write(
    path: pathlib.Path, shard: Shard, text_field: str, lines: Sequence[Line], found: Sequence[Document | str]
) -> None:
    """Writes the answers beside `path`, in the format of its ending, and renames them into place.

    Parquet has the columns of the shard's file, if that is Parquet; else the texts, and in "fields" the other
    fields of each, a JSON object. Then come entities and relations, lists of structs as in JSON (null for a
    text that is refused), broken_at (null but for a text with a sentence that was broken), and the error
    (null but for a text that is refused).

    Raises:
      InputError: the folder can't be written to.
      OSError: the shard's file can't be read.
    """
    if path.suffix == ".parquet":
        from pyarrow import parquet

        table = _table(shard, text_field, lines, found)  # reads the shard: no error of writing
        with files.atomic_write(path) as new:
            parquet.write_table(table, new, compression="zstd")
    else:
        pairs = zip(lines, found, strict=True)
        files.write_text(path, "".join(f"{answers.as_json(*pair)}\n" for pair in pairs))


def count(path: pathlib.Path) -> int:
    """How many answers a part has that `write` wrote.

    Raises:
      InputError: the file can't be read.
    """
    try:
        if path.suffix == ".parquet":
            from pyarrow import parquet

            return int(parquet.read_metadata(path).num_rows)
        with path.open("rb") as file:
            return sum(1 for _ in file)
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise InputError(f"{path}: can't be read: {' '.join(str(error).split())}; expected a part") from None


def refused(path: pathlib.Path) -> list[str]:
    """Where and why, for each text of a part that `write` wrote that has an error in place of an answer.

    Raises:
      InputError: the file can't be read.
    """
    if path.suffix == ".parquet":
        from pyarrow import parquet

        unit, found = "row", parquet.read_table(path, columns=["error"])["error"].to_pylist()
    else:
        unit = "line"
        found = [json.loads(line).get("error") for line in files.read_text(path).split("\n")[:-1]]
    return [f"{path}: {unit} {number}: {error}" for number, error in enumerate(found, 1) if error is not None]


def _read_rows(path: pathlib.Path, shard: Shard, text_field: str) -> Iterator[Line]:
    rows = (row for batch in _batches(path, shard) for row in batch.to_pylist())
    for number, row in enumerate(rows, start=shard.first + 1):
        text = row[text_field]
        error = f"{text_field!r} is null, expected a string" if text is None else ""
        yield Line(f"{path}: row {number}", f"{path.stem}-{number}", text or "", _plain(row), error)


def _batches(path: pathlib.Path, shard: Shard) -> Iterator[pa.RecordBatch]:
    """The shard's rows; of other rows, those of the same row groups are decoded and dropped."""
    from pyarrow import parquet

    begin, end = shard.first, shard.first + shard.count
    with parquet.ParquetFile(path) as file:
        groups, start, skipped = [], 0, 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if start + rows <= begin:
                skipped += rows
            elif start < end:
                groups.append(group)
            start += rows
        start = skipped
        for batch in file.iter_batches(_ROWS_AT_ONCE, row_groups=groups):
            first, last = max(begin - start, 0), min(end - start, len(batch))
            if first < last:
                yield batch.slice(first, last - first)
            start += len(batch)
            if start >= end:
                return


def _plain(value: Any) -> Any:
    """The value as JSON can say it: of numbers, those that are none are null; dates and bytes become text."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, (str, int, float, type(None))) else str(value)


def _table(shard: Shard, text_field: str, lines: Sequence[Line], found: Sequence[Document | str]) -> pa.Table:
    import pyarrow as pa

    path = pathlib.Path(shard.path)
    if path.suffix == ".parquet":
        table = pa.Table.from_batches(_batches(path, shard))
    else:
        rest = [{k: v for k, v in line.fields.items() if k != text_field} for line in lines]
        texts = [_text(line.fields.get(text_field)) for line in lines]
        table = pa.table(
            {
                text_field: pa.array(texts, pa.string()),
                "fields": pa.array([json.dumps(fields) for fields in rest], pa.string()),
            }
        )
    records = [answers.as_fields(answer) for answer in found]
    for name, kind in _answer_types().items():
        table = table.append_column(name, pa.array([record.get(name) for record in records], kind))
    return table


def _text(value: Any) -> str | None:
    """As Parquet has it: UTF-8, so half of a surrogate pair is a question mark."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else None


def _answer_types() -> dict[str, pa.DataType]:
    """Of the columns of an answer (`Document.to_json`)."""
    import pyarrow as pa

    types = {"string": pa.string(), "int32": pa.int64(), "float32": pa.float64()}  # those of numbers in JSON

    def structs(fields: Sequence[Output]) -> pa.DataType:
        return pa.list_(pa.struct([(field.name.partition("_")[2], types[field.dtype]) for field in fields]))

    return {
        "entities": structs(outputs.ENTITY),
        "relations": structs(outputs.RELATION),
        outputs.BREAKS.name: pa.list_(types[outputs.BREAKS.dtype]),
        "error": pa.string(),
    }
