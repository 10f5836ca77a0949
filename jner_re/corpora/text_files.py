"""Files and folders as the corpus formats use them: UTF-8 with exact line ends, new folders."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import re
from collections.abc import Iterator

from jner_re import files
from jner_re.corpora.corpus import Finding
from jner_re.errors import InputError

LINE_END = re.compile(r"\r\n|\n|\r")


class UnreadableError(InputError):
    """A file that cannot be read as text: which place of it has what, and what was expected."""

    def __init__(self, message: str, record: str, field: str, value: str, expected: str) -> None:
        super().__init__(message)
        self.record, self.field, self.value, self.expected = record, field, value, expected


@dataclasses.dataclass(frozen=True)
class Decoded:
    """The text of a file, without the byte order mark that it may have."""

    text: str
    byte_order_mark: bool

    def warnings(self, file: str) -> list[Finding]:
        """That the file has a byte order mark, if it does."""
        place = (file, "whole file", "byte order mark", "there")
        warning = Finding(*place, "UTF-8 without one", "read over", kind="warning")
        return [warning] if self.byte_order_mark else []


def read_text(path: pathlib.Path) -> Decoded:
    """The text of a UTF-8 file that holds a corpus, line ends untouched.

    Raises:
      InputError: the file is missing, a folder, empty, unreadable or not UTF-8.
    """
    try:
        decoded = decode(read_bytes(path), path)
    except UnreadableError as error:
        raise InputError(str(error)) from None
    if not decoded.text:
        raise InputError(f"{path}: is empty, expected a corpus")
    return decoded


def read_bytes(path: pathlib.Path) -> bytes:
    """The content of a file; raises UnreadableError if it is missing, a folder or unreadable."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        message, value = "no such file", "missing"
    except IsADirectoryError:
        message, value = "is a folder, expected a file", "a folder"
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        value = f"unreadable ({error.strerror})"
    raise UnreadableError(f"{path}: {message}", "whole file", "content", value, "a readable file")


def decode(data: bytes, path: pathlib.Path) -> Decoded:
    """The text of UTF-8; raises UnreadableError, which names the first wrong byte, if it is none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = f"line {data.count(bytes([10]), 0, error.start) + 1}"
        byte, value = f"byte {error.start}", f"0x{data[error.start]:02x}"
        message = f"{path}: {place}: {byte} is {value}, expected UTF-8 text"
        raise UnreadableError(message, place, byte, value, "UTF-8 text") from None
    return Decoded(text.removeprefix("\ufeff"), text.startswith("\ufeff"))


def shown(path: pathlib.PurePath | str) -> str:
    """A path as Unicode text: bytes of its name that are no UTF-8 become escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@contextlib.contextmanager
def new_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A folder beside `path` to write into; it becomes `path` when the block ends without an error.

    Raises:
      InputError: `path` is a file or a folder that is not empty, or the folder cannot be written.
    """
    with files.atomic_write(path) as folder:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise InputError(f"{path}: exists already, expected a new or empty folder")
        folder.mkdir()
        yield folder
        if path.exists():
            path.rmdir()  # fails if it is no longer empty
