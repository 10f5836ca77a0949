"""Texts from files and standard input, one a line, as they are or as JSON; or the files of a folder."""

from __future__ import annotations

import codecs
import collections
import itertools
import json
import os
import pathlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from jner_re import files
from jner_re.errors import InputError
from jner_re.json_text import finite_float, finite_integer, refuse_constant

STANDARD_INPUT = "-"
TEXT = "text"  # the field of a JSON object to read
TAKEN = ("entities", "relations", "broken_at", "error")  # fields of an answer, and of annotated documents
_OF_CLUSTERS = ("clusters", "cluster_relations")  # likewise, of documents with entities


class Line(NamedTuple):
    """A line that is not blank, or a file of a folder.

    Attributes:
      place: for messages.
      name: of its document in a collection: its file's in a folder, the "id" of a JSON object, or e.g.
        "news-12" for line 12 of news.txt.
      text: to read; "" if there is an error.
      fields: to give back, the text among them: those of its JSON object but for TAKEN ones.
      error: what is wrong with the line, if anything.
      annotation: its object's TAKEN fields, and those of clusters.
    """

    place: str
    name: str
    text: str
    fields: dict[str, Any]
    error: str = ""
    annotation: Mapping[str, Any] = MappingProxyType({})


def check(paths: Sequence[str], input_format: str | None = None) -> None:
    """Raises InputError if one of them can't be read or has no text, or standard input is given twice.

    Args:
      paths: as of `read`.
      input_format: likewise; without one a file that ends in .json is none.
    """
    for path in paths:
        if path != STANDARD_INPUT and files.user_path(path).is_dir() and not _texts(files.user_path(path)):
            raise InputError(f"{path}: is a folder without .txt files, expected texts")
        if path != STANDARD_INPUT and not os.access(files.user_path(path), os.R_OK):
            raise InputError(
                f"{path}: no such file, or not readable, expected a text file, or a folder of .txt files"
            )
        if input_format is None and pathlib.Path(path).suffix == ".json":
            raise InputError(
                f"{path}: is one piece of JSON, expected lines of text, or, in a file that ends in .jsonl, "
                "of JSON (jq -c '.[]' makes them of a list)"
            )
    if paths.count(STANDARD_INPUT) > 1:
        raise InputError("- is given twice, but standard input can be read only once")


def check_names(paths: Sequence[str]) -> None:
    """Raises InputError if the lines of two files would have the same names."""
    stems = collections.defaultdict(list)
    for path in paths:
        if not files.user_path(path).is_dir():
            stems[_stem(path)].append(path)
    for stem, same in stems.items():
        if len(same) > 1:
            raise InputError(
                f"{' and '.join(same)}: their documents would have the same names, {stem}-1 and so on, "
                "expected files of different names"
            )


def read(paths: Sequence[str], input_format: str | None) -> Iterator[Line]:
    """The lines that are not blank.

    Args:
      paths: files, STANDARD_INPUT, or folders, of which each .txt file is a text.
      input_format: "txt" or "jsonl"; None for each file's ending.
    """
    for path in paths:
        if path != STANDARD_INPUT and (folder := files.user_path(path)).is_dir():
            yield from (_document(file, folder) for file in _texts(folder))
            continue
        place = "standard input" if path == STANDARD_INPUT else path
        is_json = (input_format or pathlib.Path(path).suffix.removeprefix(".")) == "jsonl"
        with sys.stdin.buffer if path == STANDARD_INPUT else files.user_path(path).open("rb") as file:
            yield from _lines(file, 1, place, _stem(path), is_json, TEXT)


def read_part(
    path: pathlib.Path, offset: int, number: int, count: int, is_json: bool, text_field: str
) -> Iterator[Line]:
    """Those of `count` lines of a file that are not blank.

    Args:
      path: of the file.
      offset: byte where the first one begins.
      number: of the first one, from 1.
      count: lines, the blank ones among them.
      is_json: whether lines are JSON objects.
      text_field: of the objects, in place of "text".
    """
    with path.open("rb") as file:
        file.seek(offset)
        part = itertools.islice(file, count)
        yield from _lines(part, number, str(path), _stem(str(path)), is_json, text_field)


def _lines(
    contents: Iterable[bytes], first: int, place: str, stem: str, is_json: bool, text_field: str
) -> Iterator[Line]:
    for number, content in enumerate(contents, start=first):
        if number == 1:
            content = content.removeprefix(codecs.BOM_UTF8)
        if content.strip():
            fields, annotation, error = _read_line(content, is_json, text_field)
            text = "" if error else fields[text_field]
            id = fields.get("id") if is_json else None
            name = str(id) if isinstance(id, str | int) and str(id) else f"{stem}-{number}"
            yield Line(f"{place}: line {number}", name, text, fields, error, annotation)


def _texts(folder: pathlib.Path) -> list[pathlib.Path]:
    """The .txt files under a folder in the order of their names, but hidden ones."""
    found = (path for path in folder.rglob("*.txt") if path.is_file())
    return sorted(
        path for path in found if not any(p.startswith(".") for p in path.relative_to(folder).parts)
    )


def _document(path: pathlib.Path, folder: pathlib.Path) -> Line:
    """A whole file as a text, without the byte order mark that it may have."""
    name = path.relative_to(folder).with_suffix("").as_posix()
    name = os.fsencode(name).decode("utf-8", "backslashreplace")
    try:
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        return Line(str(path), name, "", {"id": name, TEXT: ""}, f"can't be read: {error.strerror}")
    fields = {"id": name, TEXT: content.decode("utf-8", errors="replace")}
    try:
        return Line(str(path), name, content.decode("utf-8"), fields)
    except UnicodeDecodeError as error:
        return Line(str(path), name, "", fields, f"byte {error.start} is not UTF-8, expected UTF-8 text")


def _stem(path: str) -> str:
    return "stdin" if path == STANDARD_INPUT else pathlib.Path(path).stem


def _read_line(content: bytes, is_json: bool, text_field: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """The line's fields, those of an annotation, and what is wrong with it."""
    as_read = {text_field: content.decode("utf-8", errors="replace").strip("\r\n")}
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return as_read, {}, f"byte {error.start} is not UTF-8, expected UTF-8 text"
    if not is_json:
        return as_read, {}, ""
    try:
        record = json.loads(
            as_read[text_field],
            parse_constant=refuse_constant,
            parse_float=finite_float,
            parse_int=finite_integer,
        )
    except json.JSONDecodeError as error:
        return as_read, {}, f"column {error.colno}: {error.msg}, expected JSON"
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        return as_read, {}, f"{error}, expected JSON"
    if not isinstance(record, dict):
        return as_read, {}, f'expected a JSON object with a string as its "{text_field}"'
    taken = (*TAKEN, *_OF_CLUSTERS) if "entities" in record else TAKEN
    fields = {name: value for name, value in record.items() if name not in taken}
    annotation = {name: record[name] for name in taken if name in record}
    if not isinstance(record.get(text_field), str):
        return fields, annotation, f'"{text_field}" is {record.get(text_field)!r:.100}, expected a string'
    for name, value in annotation.items():
        if not _is_answer(name, value):
            return fields, annotation, f'it has "{name}", a field of the answer, expected another name'
    return fields, annotation, ""


def _is_answer(name: str, value: Any) -> bool:
    """Whether a field is that of an answer or of an annotated document, in whose place a new one comes."""
    keys: dict[str, set[str]] = {
        "entities": {"type", "start", "end"},
        "relations": {"type", "head", "tail"},
        "cluster_relations": {"type", "head", "tail"},
        "broken_at": set(),
        "clusters": set(),
    }
    if name == "clusters":
        return True  # given_clusters.py says what is wrong with them
    if name in keys and value is None:
        return True
    if name not in keys or not isinstance(value, list):
        return False
    return all(isinstance(item, int if name == "broken_at" else dict) for item in value) and all(
        keys[name] <= item.keys() for item in value if isinstance(item, dict)
    )
