"""Checksums of cached files, remembered so that a file is only read again if it was touched."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Mapping

from jner_re import files
from jner_re.encoders import download
from jner_re.errors import InputError

_NAME = "sums.json"


@dataclasses.dataclass(frozen=True)
class Sum:
    """What a file was when it was last read.

    Attributes:
      size: in bytes.
      modified: time of its last change, in nanoseconds.
      sha256: in hexadecimal.
    """

    size: int
    modified: int
    sha256: str

    def is_current(self, path: pathlib.Path) -> bool:
        """Whether the file still has the size and time of then."""
        try:
            now = path.stat()
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.size, self.modified)


def check(path: pathlib.Path, pinned: str | None, known: Sum | None = None) -> Sum:
    """The file's sum, which must be `pinned` or, if that is None, the known one.

    Raises:
      InputError: if it is another, or the file can't be read; the message begins with the file's name.
    """
    expected = pinned or (known.sha256 if known else None)
    if known and known.sha256 == expected and known.is_current(path):
        return known
    try:
        status = path.stat()
        actual = download.sha256_of(path)
    except OSError as error:
        raise InputError(f"{path.name}: can't be read: {error.strerror}") from None
    if expected not in (None, actual):
        raise InputError(f"{path.name}: sha256 is {actual}, expected {expected}")
    return Sum(status.st_size, status.st_mtime_ns, actual)


def read(folder: pathlib.Path) -> dict[str, Sum]:
    """The folder's remembered sums by file name; none if they were never written or can't be read."""
    try:
        content = json.loads((folder / _NAME).read_text(encoding="utf-8"))
        return {name: Sum(**fields) for name, fields in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write(folder: pathlib.Path, sums: Mapping[str, Sum]) -> None:
    """Remembers the folder's sums."""
    content = {name: dataclasses.asdict(value) for name, value in sums.items()}
    files.write_text(folder / _NAME, json.dumps(content, indent=2) + "\n")
