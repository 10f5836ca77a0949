"""The record of a finished run: one small JSON file that lives in the repository.

Everything but `run` (times, machine, versions, commit) is the same when a run is made again with the same
number of threads.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
from collections.abc import Iterator
from typing import Any

from jner_re import files
from jner_re.errors import InputError

TABLES = ("results.json",)  # the JSON beside the records that is none


@dataclasses.dataclass(frozen=True)
class Record:
    """A run and its scores.

    Attributes:
      name: of the run in its folder, such as "seed-3"; the file is NAME.json.
      setting: the runs of one setting are averaged, e.g. "single model".
      protocol: a sentence that says what was trained on and what chose what.
      corpus: its name, and of each split the number of sentences and their checksum.
      config: the model's and the training's, as in a model directory's config.json.
      members: the names of the runs an ensemble is made of; empty for others.
      epochs: that the evaluated weights were trained for.
      threshold: theta_r of the evaluation.
      threshold_source: what chose it.
      parameters: the number of trained weights.
      dev: the evaluation (`strict.evaluate`) on dev of the training that chose on it, or None.
      test: the evaluation on test, or None for runs that may not see it.
      history: the scores on dev by epoch, where they are what the run is for; else empty.
      run: when, how long, on what: what another run of the same differs in.
    """

    name: str
    setting: str
    protocol: str
    corpus: dict[str, Any]
    config: dict[str, Any]
    members: tuple[str, ...]
    epochs: int
    threshold: float
    threshold_source: str
    parameters: int
    dev: dict[str, Any] | None
    test: dict[str, Any] | None
    history: tuple[dict[str, float], ...]
    run: dict[str, Any]

    def identity(self) -> dict[str, Any]:
        """What tells it from other runs, before any of it is run."""
        return identity(self.setting, self.protocol, self.corpus, self.config, self.members)


def identity(
    setting: str,
    protocol: str,
    corpus: dict[str, Any],
    config: dict[str, Any],
    members: tuple[str, ...] = (),
) -> dict[str, Any]:
    """`Record.identity` of a record that is still to be made."""
    return {
        "setting": setting,
        "protocol": protocol,
        "corpus": corpus,
        "config": config,
        "members": members,
    }


def path_of(folder: pathlib.Path, name: str) -> pathlib.Path:
    """Where the record is."""
    return folder / f"{name}.json"


def write(folder: pathlib.Path, record: Record) -> None:
    """Writes NAME.json."""
    content = json.dumps(dataclasses.asdict(record), indent=1, ensure_ascii=False)
    files.write_text(path_of(folder, record.name), content + "\n")


def read(path: pathlib.Path) -> Record:
    """Reads what `write` wrote.

    Raises:
      InputError: it isn't a record.
    """
    content = files.read_json(path)
    fields = {field.name for field in dataclasses.fields(Record)}
    found = set(content) if isinstance(content, dict) else set()
    if found != fields:
        differing = ", ".join(sorted(found ^ fields))
        raise InputError(f"{path}: expected the record of a run; missing or unknown: {differing}")
    if content["name"] != path.stem:
        raise InputError(f"{path}: name is {content['name']!r}, expected {path.stem!r} as the file has")
    lists = {name: tuple(content[name]) for name in ("members", "history")}
    return Record(**{**content, **lists})


def read_folder(folder: pathlib.Path) -> list[Record]:
    """All records of a folder, fold-2 before fold-10, ensembles last; none if there is no such folder.

    Raises:
      InputError: a JSON file isn't one.
    """
    paths = [path for path in folder.glob("*.json") if path.name not in TABLES]
    found = [read(path) for path in sorted(paths, key=_natural)]
    return sorted(found, key=lambda record: bool(record.members))


def is_finished(folder: pathlib.Path, name: str, wanted: dict[str, Any]) -> bool:
    """Whether the run's record is there.

    Raises:
      InputError: it is that of another run, whose identity differs from the one that is wanted.
    """
    path = path_of(folder, name)
    if not path.exists():
        return False
    found = read(path).identity()
    if differences := list(_differences("", wanted, found)):
        field, expected, value = differences[0]
        raise InputError(
            f"{path}: {field} is {value!r}, expected {expected!r}: it is the record of another run; choose "
            "another --output_dir, or remove it"
        )
    return True


def _differences(prefix: str, wanted: Any, found: Any) -> Iterator[tuple[str, Any, Any]]:
    """(dotted field, wanted, found) of every leaf that differs."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            yield from _differences(f"{prefix}.{key}" if prefix else key, wanted.get(key), found.get(key))
    elif wanted != found:
        yield prefix, wanted, found


def _natural(path: pathlib.Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", path.stem)]
