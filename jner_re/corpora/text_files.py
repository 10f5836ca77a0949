"""Files and folders as the corpus formats use them: UTF-8 with exact line ends, new folders."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator

from jner_re import files
from jner_re.errors import InputError


def read_text(path: pathlib.Path, may_be_empty: bool = False) -> str:
    """The text of a UTF-8 file, line ends untouched.

    Raises:
      InputError: the file is missing, a folder, empty, unreadable, not UTF-8, or has a byte order mark.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder, expected a file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if not data and not may_be_empty:
        raise InputError(f"{path}: is empty, expected a corpus")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}: line {line}: byte {error.start} is 0x{data[error.start]:02x}, expected UTF-8 text"
        ) from None
    if text.startswith("\ufeff"):
        raise InputError(f"{path}: starts with a byte order mark, expected UTF-8 without one")
    return text


@contextlib.contextmanager
def new_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A folder beside `path` to write into; it becomes `path` when the block ends without an error.

    Raises:
      InputError: `path` is a file or a folder that is not empty, or the folder cannot be written.
    """
    with files.replacing(path) as folder:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise InputError(f"{path}: exists already, expected a new or empty folder")
        folder.mkdir()
        yield folder
        if path.exists():
            path.rmdir()  # fails if it is no longer empty
