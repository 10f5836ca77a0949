"""Corpora that are JSON lines: a record a line, those that cannot be read each with a finding."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any, TypeVar

from jner_re.corpora import json_records
from jner_re.corpora.corpus import Finding, shortened
from jner_re.corpora.text_files import read_text

_Item = TypeVar("_Item")


def read(path: pathlib.Path, make: Callable[[Any, str], _Item]) -> tuple[list[_Item], list[Finding]]:
    """Makes something of each line that is not blank.

    A line that is no JSON, or of a wrong shape, is left out and is a problem.

    Args:
      path: the file.
      make: takes a record and its place, such as "line 3"; raises WrongShapeError.

    Raises:
      InputError: the file is no UTF-8 text, or empty.
    """
    content = read_text(path)
    findings = content.warnings(str(path))
    found = []
    for number, line in enumerate(content.text.split("\n"), 1):
        if not line.strip():
            continue
        record, place = None, f"line {number}"
        try:
            record = _record(line)
            found.append(make(record, place))
        except json_records.WrongShapeError as wrong:
            loss = json_records.loss_of(record)
            findings.append(wrong.finding(path, place, "the record is left out", loss))
    return found, findings


def _record(line: str) -> Any:
    """The value of a line; raises WrongShapeError if it is no JSON."""
    try:
        return json_records.loads(line, only_finite=True)
    except json.JSONDecodeError as error:
        field, problem = f"column {error.colno}", error.msg
    except (ValueError, RecursionError) as error:
        field, problem = "line", str(error)
    raise json_records.WrongShapeError(field, shortened(line), f"JSON of a document ({problem})")
