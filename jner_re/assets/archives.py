"""Members of zip archives, read by name: no path that an archive gives is ever written to."""

from __future__ import annotations

import pathlib
import shutil
import zipfile
import zlib
from collections.abc import Sequence
from typing import BinaryIO

from jner_re import files
from jner_re.errors import InputError

_LARGEST = 8 << 30  # bytes; the largest checkpoint here has 0.44e9
_LARGEST_RATIO = 1100  # DEFLATE can't go beyond 1032


def extract(archive: pathlib.Path, member: str, destination: pathlib.Path) -> None:
    """Copies one member's content to `destination`, written beside and renamed into place.

    Raises:
      InputError: if the archive is no zip, is damaged, lacks the member, or the member's declared size is
        beyond reason or the disk's free space.
    """
    join_members([(archive, member)], destination)


def copy_member(archive: pathlib.Path, member: str, target: BinaryIO) -> None:
    """Appends one member's content to an open file on disk.

    Raises:
      InputError: as `extract`.
    """
    try:
        with files.open_to_read(archive) as file, zipfile.ZipFile(file) as opened:
            info = opened.getinfo(member)
            if info.file_size > min(_LARGEST, _LARGEST_RATIO * max(info.compress_size, 1)):
                raise InputError(
                    f"{archive}: {member} unpacks to {info.file_size:,} bytes from {info.compress_size:,}, "
                    f"expected at most {_LARGEST:,}, and {_LARGEST_RATIO} times as much"
                )
            if info.file_size > (free := shutil.disk_usage(archive.parent).free):
                raise InputError(
                    f"{archive}: {member} has {info.file_size:,} bytes, but the disk has {free:,} free"
                )
            with opened.open(info) as source:  # yields no more than the declared size and checks the CRC
                shutil.copyfileobj(source, target, 1 << 20)
    except KeyError:
        raise InputError(f"{archive}: has no member {member}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{archive}: {member} can't be unpacked: {error}") from None


def join_members(parts: Sequence[tuple[pathlib.Path, str]], destination: pathlib.Path) -> None:
    """Writes one file from a member of each archive, in order: beside `destination`, then renamed.

    Raises:
      InputError: as `extract`.
    """
    with files.atomic_write(destination) as new, new.open("wb") as target:
        for archive, member in parts:
            copy_member(archive, member, target)
