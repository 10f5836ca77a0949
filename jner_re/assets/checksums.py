"""Checksums of files, remembered so that a file is only read again if it was touched."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Mapping

from jner_re import files
from jner_re.assets import download
from jner_re.errors import InputError


@dataclasses.dataclass(frozen=True)
class Checksum:
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


def compute(path: pathlib.Path, known: Checksum | None = None) -> Checksum:
    """The file's checksum: the known one if the file wasn't touched since.

    Raises:
      InputError: if the file can't be read; the message begins with the file's name.
    """
    if known and known.is_current(path):
        return known
    try:
        status = path.stat()
        return Checksum(status.st_size, status.st_mtime_ns, download.sha256_of(path))
    except OSError as error:
        raise InputError(f"{path.name}: can't be read: {error.strerror}") from None


def check(path: pathlib.Path, pinned: str | None, known: Checksum | None = None) -> Checksum:
    """The file's checksum, which must be `pinned` or, if that is None, the known one.

    Raises:
      InputError: if it is another, or the file can't be read; the message begins with the file's name.
    """
    expected = pinned or (known.sha256 if known else None)
    actual = compute(path, known if known and known.sha256 == expected else None)
    if expected not in (None, actual.sha256):
        raise InputError(f"{path.name}: sha256 is {actual.sha256}, expected {expected}")
    return actual


def read(record: pathlib.Path) -> dict[str, Checksum]:
    """The checksums by file name that a JSON file remembers; none if it is missing or can't be read."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        return {name: Checksum(**fields) for name, fields in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write(record: pathlib.Path, checksums: Mapping[str, Checksum]) -> None:
    """Remembers checksums in a JSON file.

    Raises:
      InputError: if it can't be written.
    """
    content = {name: dataclasses.asdict(checksum) for name, checksum in checksums.items()}
    files.write_text(record, json.dumps(content, indent=2) + "\n")
