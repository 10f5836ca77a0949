"""The model that a program was given, looked at before the hour in which it is tried."""

from __future__ import annotations

import pathlib

from jner_re import files
from jner_re.errors import InputError


def folder(path: str, *names: str) -> pathlib.Path:
    """The folder, which has to hold one of these files.

    Raises:
      InputError: it doesn't.
    """
    found = files.user_path(path).absolute()
    if not any((found / name).is_file() for name in names):
        raise InputError(f"{path}: expected a folder with {' or '.join(names)}")
    return found
