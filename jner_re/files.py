"""Reading and writing of files so that a half-written one is never seen."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
from typing import Any

from jner_re.errors import InputError


def write_bytes(path: pathlib.Path, content: bytes) -> None:
    """Writes beside `path` and renames into place.

    Raises:
      InputError: if the folder can't be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(beside, 0o644)
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        raise InputError(f"{path}: can't be written: {error.strerror}") from None


def write_text(path: pathlib.Path, content: str) -> None:
    """`write_bytes` of UTF-8."""
    write_bytes(path, content.encode())


def read_text(path: pathlib.Path) -> str:
    """The file's text.

    Raises:
      InputError: if the file can't be read or isn't UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8, expected UTF-8 text") from None


def read_json(path: pathlib.Path) -> Any:
    """The file's JSON.

    Raises:
      InputError: if the file can't be read or isn't JSON.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: line {error.lineno}: {error.msg}, expected JSON") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        raise InputError(f"{path}: can't be read: {error}") from None
