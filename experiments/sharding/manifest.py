"""From what the parts in a folder were made: written first, checked when the work goes on."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files
from jner_re.assets import checksums
from jner_re.assets.checksums import Checksum
from jner_re.encoders import folder_hash
from jner_re.errors import InputError
from jner_re.extraction import client
from jner_re.models import model_files

NAME = "manifest.json"
PARTS = "part-*"
_SETTINGS = "settings"
_INPUTS = "inputs"


def check_or_write(folder: pathlib.Path, settings: dict[str, Any], inputs: Sequence[pathlib.Path]) -> None:
    """Writes the manifest of a folder without parts, or compares it with the one that is there.

    Args:
      folder: of the parts.
      settings: all that the parts depend on, besides the input: JSON values by name.
      inputs: files; only those that were touched since are read again.

    Raises:
      InputError: the folder has parts of another input or other settings, or holds something else.
    """
    path = folder / NAME
    if not path.exists() and any(not entry.name.startswith(".") for entry in folder.glob("*")):
        raise InputError(f"{folder}: has files but no {NAME}, expected a new or empty folder as --output")
    if not any(folder.glob(PARTS)):
        _write(path, settings, {str(file): _checksum(file, None) for file in inputs})
        return
    before, known = _read(path)
    for name in sorted(before.keys() | settings.keys()):
        if before.get(name) != settings.get(name):
            raise InputError(
                f"{path}: its parts were made with {name} {before.get(name)!r}, expected "
                f"{settings.get(name)!r} as now, or another --output"
            )
    names = [str(file) for file in inputs]
    if different := sorted(known.keys() ^ set(names)):
        there = "of the parts made" if different[0] in known else "of this run"
        raise InputError(
            f"{path}: {different[0]} is only an input {there}, expected the same files, or another --output"
        )
    current = {name: _checksum(pathlib.Path(name), known[name]) for name in names}
    for name in names:
        if current[name].sha256 != known[name].sha256:
            raise InputError(
                f"{name}: sha256 is {current[name].sha256}, expected {known[name].sha256}, from which "
                f"the parts in {folder} were made, or another --output"
            )
    if current != known:
        _write(path, settings, current)


def fingerprint(model: pathlib.Path) -> str:
    """By what a model is known again: the SHA-256 of its files.

    Args:
      model: a model directory, or one version of an exported folder.

    Raises:
      InputError: a file can't be read.
    """
    if client.is_exported(model):
        return folder_hash.sha256(model, (), "")
    return model_files.fingerprint(model)


def _checksum(path: pathlib.Path, known: Checksum | None) -> Checksum:
    try:
        return checksums.compute(path, known)
    except InputError as error:  # it begins with the file's name
        raise InputError(f"{path.parent}/{error}") from None


def _write(path: pathlib.Path, settings: dict[str, Any], inputs: dict[str, Checksum]) -> None:
    content = {_SETTINGS: settings, _INPUTS: {name: dataclasses.asdict(c) for name, c in inputs.items()}}
    files.write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _read(path: pathlib.Path) -> tuple[dict[str, Any], dict[str, Checksum]]:
    content = files.read_json(path)
    try:
        return dict(content[_SETTINGS]), {
            name: Checksum(**fields) for name, fields in content[_INPUTS].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(f"{path}: not written by extract, expected another --output") from None
