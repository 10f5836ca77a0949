"""The files and folders that a model config names: with their paths for this machine, without for others."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib

from jner_re import files
from jner_re.assets import catalogue
from jner_re.config import ModelConfig
from jner_re.errors import without_secrets

_OF_ENCODERS = ("saved_model.pb", "saved_model.pbtxt", "config.json", "options.json")


def with_absolute_paths(config: ModelConfig) -> ModelConfig:
    """The config with the files and folders that it names as they can be opened from everywhere.

    Names of the catalogue, TF-Hub handles, ids of the hub, and what isn't there stay as they are; a file or
    folder that has a name of the catalogue is meant only as "./minilm".

    Raises:
      InputError: one begins with the home of a user that there is not.
    """
    encoder = _absolute_encoder(config.encoder)  # alone, its name may have commas
    if encoder is None:
        handles = [handle.strip() for handle in config.encoder.split(",")]
        absolute = [_absolute_encoder(handle) or handle for handle in handles]
        is_clear = absolute != handles and not any("," in handle for handle in absolute)
        encoder = ",".join(absolute) if is_clear else config.encoder
    return dataclasses.replace(config, encoder=encoder, glove=_absolute_vectors(config.glove))


def _absolute_encoder(name: str) -> str | None:
    """Of the folder of a SavedModel or a checkpoint; None if it is none, or one of the catalogue."""
    path = files.user_path(name)
    if name and name not in catalogue.NAMES:
        with contextlib.suppress(OSError):  # too long for a path, or none of the user's
            if any((path / file).exists() for file in _OF_ENCODERS):
                return str(path.absolute())
    return None


def _absolute_vectors(name: str) -> str:
    """Of a file, or of a member of an archive; else the name."""
    archive, colon, member = name.rpartition(".zip:")
    path = files.user_path(f"{archive}.zip" if colon else name)
    if name not in catalogue.NAMES:
        with contextlib.suppress(OSError):  # as above
            if path.is_file():
                return f"{path.absolute()}{':' + member if colon else ''}"
    return name


def public_name(name: str) -> str:
    """What may be told of an encoder or word vectors: a path without its folders, a URL without secrets."""
    if "://" in name:
        return without_secrets(name)
    path = pathlib.PurePath(name)
    return path.name if path.is_absolute() else name


def public_names(encoder: str) -> list[str]:
    """Of each of the encoders that are joined by commas."""
    return [public_name(name.strip()) for name in encoder.split(",") if name.strip()]
