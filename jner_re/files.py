"""Reading and writing of files so that a half-written one is never seen."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import re
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from jner_re.errors import InputError


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a name beside `path` under which to write a file or a folder, renamed to `path` at the end.

    After an error nothing of it is left, and what was at `path` before is still there.

    Raises:
      InputError: if the folder can't be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Keeps the ending: some writers choose the format by it.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as beside:
            new = pathlib.Path(beside) / path.name
            yield new
            old = pathlib.Path(beside) / f".old-{path.name}"
            if new.is_dir() and path.is_dir():  # a folder is only renamed to what does not exist
                os.replace(path, old)
            try:
                os.replace(new, path)
            except BaseException:
                if old.exists():
                    os.replace(old, path)
                raise
    except OSError as error:
        raise InputError(f"{path}: can't be written: {error.strerror or error}") from None


@contextlib.contextmanager
def locked(path: pathlib.Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds the lock file `path`; other processes and threads wait for it. The lock ends with the process.

    Args:
      path: made if need be, never removed.
      waiting: called once if another one holds the lock.

    Raises:
      InputError: if the lock file can't be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise InputError(f"{path}: can't be written: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is not None:
                waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            raise InputError(f"{path}: can't be locked: {error.strerror}") from None
        yield


def reason(message: str) -> str:
    """TensorFlow's message of why a file could not be written, without what it says of its graph."""
    return re.sub(r"{{.*?}} | \[Op:\w+\]", "", message)


def write_bytes(path: pathlib.Path, content: bytes) -> None:
    """Writes beside `path` and renames into place.

    Raises:
      InputError: if the folder can't be written to.
    """
    with replacing(path) as new:
        new.write_bytes(content)


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
