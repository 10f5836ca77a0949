"""The SHA-256 of a folder; files that weren't touched since the last time are not read again."""

from __future__ import annotations

import contextlib
import hashlib
import pathlib
from collections.abc import Collection, Iterable

from jner_re.assets import checksums, download
from jner_re.errors import InputError


def sha256(folder: pathlib.Path, ignored: Collection[str], prefix: str) -> str:
    """Hash of the names and contents of the folder's files.

    The files' checksums are remembered in the cache folder, with their sizes and times of change, under the
    folder's path. A cache that can't be written to only costs the time.

    Args:
      folder: to hash.
      ignored: names of files that don't count, wherever they are.
      prefix: hashed before the files.

    Raises:
      InputError: if a file can't be read.
    """
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name not in ignored]
    return sha256_of(folder, paths, prefix)


def sha256_of(folder: pathlib.Path, paths: Iterable[pathlib.Path], prefix: str) -> str:
    """As `sha256`, of some of the folder's files.

    Raises:
      InputError: if a file can't be read.
    """
    path_hash = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()
    record = download.cache_dir() / "checksums" / f"{path_hash[:16]}.json"
    known = checksums.read(record)
    current = {}
    for path in sorted(paths):
        name = str(path.relative_to(folder))
        current[name] = checksums.compute(path, known.get(name))
    if current != known:
        with contextlib.suppress(InputError):
            checksums.write(record, current)
    digest = hashlib.sha256(prefix.encode())
    for name, checksum in current.items():
        digest.update(f"{name} {checksum.sha256}\n".encode())
    return digest.hexdigest()
