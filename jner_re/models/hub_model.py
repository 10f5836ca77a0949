"""Trained models on the Hugging Face hub: model directories, and exported folders."""

from __future__ import annotations

import fnmatch
import os
import pathlib

from jner_re import files
from jner_re.assets import hub, hub_snapshot
from jner_re.assets.hub import Snapshot
from jner_re.errors import InputError
from jner_re.models import model_files

_SAVED_MODEL = "saved_model.pb"
_DESCRIPTIONS = (
    model_files.CONFIG,
    model_files.VOCABULARY,
    model_files.THRESHOLD,
    model_files.MEMBERS,
    model_files.CONSTRAINTS,
    model_files.METRICS,
)


def find(path_or_id: str | os.PathLike[str]) -> pathlib.Path:
    """The folder of a model: a path as it is, or what the id of a repository of the hub has, in the cache.

    Args:
      path_or_id: a path, whatever is there; or, if nothing is, "owner/name" or "owner/name@revision".

    Raises:
      InputError: the hub has no such model, or doesn't give it.
    """
    id = hub.parse(str(path_or_id))
    folder = files.user_path(path_or_id)
    if id is None or folder.exists():
        return folder
    try:
        snapshot = hub_snapshot.find(id)
    except InputError as error:
        raise InputError(f"{path_or_id}: no such folder here, and of the hub: {error}") from None
    return hub_snapshot.fetch(snapshot, _files(snapshot))


def of_directory(names: list[str]) -> list[str]:
    """Of the files of a model directory, those that opening it needs, and its metrics."""
    weights = fnmatch.filter(names, model_files.MEMBER_WEIGHTS.format("*")) or [model_files.WEIGHTS]
    return [name for name in names if name in _DESCRIPTIONS or name in weights]


def _files(snapshot: Snapshot) -> list[str]:
    """The names of the files that the model consists of."""
    names = sorted(snapshot.files)
    if {model_files.CONFIG, model_files.VOCABULARY} <= set(names):
        return of_directory(names)
    if _SAVED_MODEL in names:
        return [name for name in names if not name.endswith(".md") and not name.startswith(".")]
    numbers = [name.split("/")[0] for name in fnmatch.filter(names, f"*/{_SAVED_MODEL}")]
    if versions := [int(number) for number in numbers if number.isdecimal()]:
        return [name for name in names if name.startswith(f"{max(versions)}/")]
    hint = "; a checkpoint is for --encoder" if model_files.CONFIG in names else ""
    raise InputError(
        f"{snapshot}: has no {_SAVED_MODEL}, nor {model_files.CONFIG} with {model_files.VOCABULARY}, "
        f"expected an exported model or a model directory of training{hint}"
    )
