"""An entry of the catalogue: what it consists of, and how its folder in the cache is filled."""

from __future__ import annotations

import dataclasses
import logging
import os
import pathlib
import shutil
from collections.abc import Mapping, Sequence

from jner_re import files
from jner_re.assets import checksums, download
from jner_re.assets.checksums import Checksum
from jner_re.assets.sources import File, Source
from jner_re.errors import InputError

_LOGGER = logging.getLogger(__name__)

RECORD = "checksums.json"


@dataclasses.dataclass(frozen=True)
class Entry:
    """Something to fetch.

    Attributes:
      name: what flags and configs call it.
      description: one line for help texts.
      files: what its folder holds.
      sources: tried in this order.
      path: of its folder among the downloads; its name if empty.
    """

    name: str
    description: str
    files: tuple[File, ...]
    sources: tuple[Source, ...]
    path: str = ""


def fetch_entry(entry: Entry) -> pathlib.Path:
    """The folder of an entry's files, each with the right checksum: `download.cache_dir()`/downloads/PATH.

    Missing files are fetched from the first source that gives them all; a source that fails costs one line
    on standard error. Files that someone put into the folder by hand are as good as fetched ones.
    checksums.json in the folder keeps each file's size, time and checksum, so that a file is read again only
    if it was touched; a file without a pinned checksum must keep the one it had when it was first seen.
    Another process that wants the same entry waits.

    Raises:
      InputError: if every source fails (each is named with its reason), or a file in the folder has a wrong
        checksum; it is left for the user to look at or delete.
    """
    path = pathlib.PurePath("downloads", entry.path or entry.name)
    folder = download.cache_folder(*path.parent.parts) / path.name
    record = folder / RECORD
    if _is_checked(entry, folder, checksums.read(record)):
        return folder
    with files.locked(folder.with_name(f".{folder.name}.lock"), lambda: _tell_waiting(folder)):
        files.remove_unfinished(download.cache_folder(*path.parts))
        known = checksums.read(record)
        missing = [file for file in entry.files if not (folder / file.name).is_file()]
        if missing:
            known |= _fetch_missing(entry, missing, folder)
        try:
            checked = {
                file.name: checksums.check(folder / file.name, file.sha256, known.get(file.name))
                for file in entry.files
            }
        except InputError as error:
            raise InputError(f"{folder}/{error}; once deleted, the file is fetched again") from None
        checksums.write(record, checked)
    return folder


def _tell_waiting(folder: pathlib.Path) -> None:
    _LOGGER.info(f"{folder}: waiting for another process to fetch it")


def _is_checked(entry: Entry, folder: pathlib.Path, known: Mapping[str, Checksum]) -> bool:
    """Whether every file is there, untouched since its checksum was found right."""
    for file in entry.files:
        remembered = known.get(file.name)
        if remembered is None or not remembered.is_current(folder / file.name):
            return False
        if file.sha256 not in (None, remembered.sha256):
            return False
    return True


def _fetch_missing(entry: Entry, missing: Sequence[File], folder: pathlib.Path) -> dict[str, Checksum]:
    """Moves the missing files into `folder`, from the first source that has them all unharmed.

    Each source works in a folder of its own, which outlives an interruption and goes once all is fetched.
    """
    beside = folder.with_name(f".{folder.name}.incomplete")
    failures = []
    for number, source in enumerate(entry.sources):
        _LOGGER.info(f"{entry.name}: fetching from {source}")
        try:
            found = _fetch_checked(source, missing, beside / str(number))
            for file in missing:
                (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(beside / str(number) / file.name, folder / file.name)
            shutil.rmtree(beside)
            return found
        except InputError as error:
            failures.append(str(error))
            _LOGGER.info(f"{entry.name}: {error}")
        except OSError as error:
            raise InputError(f"{folder}: can't be written: {error.strerror or error}") from None
    names = ", ".join(file.name for file in missing)
    raise InputError(
        f"{entry.name}: can't be fetched: {'; '.join(failures)}; without a network, put {names} into {folder}"
    )


def _fetch_checked(source: Source, wanted: Sequence[File], staging: pathlib.Path) -> dict[str, Checksum]:
    """Fetches into `staging`, which is removed if a checksum is wrong: nothing of it is used again."""
    staging.mkdir(parents=True, exist_ok=True)
    source.fetch(wanted, staging)
    try:
        return {file.name: checksums.check(staging / file.name, file.sha256) for file in wanted}
    except InputError as error:
        shutil.rmtree(staging)
        raise InputError(f"{source}: {error}") from None
