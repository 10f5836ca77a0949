"""Repositories of the Hugging Face hub in the cache folder: which commit a revision was, and its files.

downloads/hub/OWNER--NAME holds revisions.json (the commit that each revision was when it was last asked
for), COMMIT.json (the commit's files, by name the SHA-256 or null) and the folder COMMIT with those that were
fetched.
"""

from __future__ import annotations

import json
import logging
import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files
from jner_re.assets import download, hub
from jner_re.assets.entry import RECORD, Entry, fetch_entry
from jner_re.assets.hub import HubId, Snapshot
from jner_re.assets.sources import File, HubSource
from jner_re.errors import InputError

_LOGGER = logging.getLogger(__name__)


def find(id: HubId) -> Snapshot:
    """The commit that a revision is, by the hub; where it can't be asked, by the cache.

    The hub is not asked about a commit that the cache knows.

    Raises:
      InputError: the hub has no such repository or revision, doesn't show it, or can't be asked, and the
        cache doesn't know the revision.
    """
    folder = download.cache_folder("downloads", _folder(id.repository))
    revisions = _read(folder / "revisions.json")
    if id.is_commit and (known := _known(id.repository, id.revision)):
        return known
    try:
        snapshot = hub.ask(id)
    except hub.UnreachableError as error:
        known = _known(id.repository, str(revisions.get(id.revision)))
        if known is None:
            raise InputError(f"{id}: is not in the cache, and {error}") from None
        _LOGGER.warning(f"{id}: {error}; taken from the cache as of commit {known.commit}")
        return known
    except InputError as error:
        raise InputError(f"{id}: {error}") from None
    record = folder / f"{snapshot.commit}.json"
    if _read(record) != snapshot.files:
        files.write_text(record, json.dumps(dict(snapshot.files), indent=1) + "\n")
    if not id.is_commit and revisions.get(id.revision) != snapshot.commit:
        with files.locked(folder / ".lock"):
            revisions = {**_read(folder / "revisions.json"), id.revision: snapshot.commit}
            files.write_text(folder / "revisions.json", json.dumps(revisions, indent=1) + "\n")
    return snapshot


def fetch(snapshot: Snapshot, names: Sequence[str]) -> pathlib.Path:
    """The folder with files of a commit, those that are missing fetched and checked; see `fetch_entry`.

    Raises:
      InputError: a file can't be fetched, or has not the SHA-256 that the hub gives.
    """
    entry = Entry(
        name=str(snapshot),
        description="",
        files=tuple(File(name, snapshot.files.get(name)) for name in names if name != RECORD),
        sources=(HubSource(snapshot.repository, snapshot.commit),),
        path=f"{_folder(snapshot.repository)}/{snapshot.commit}",
    )
    return fetch_entry(entry)


def _folder(repository: str) -> str:
    return f"hub/{repository.replace('/', '--')}"


def _known(repository: str, commit: str) -> Snapshot | None:
    record = _read(download.cache_dir() / "downloads" / _folder(repository) / f"{commit}.json")
    return Snapshot(repository, commit, record) if record else None


def _read(record: pathlib.Path) -> dict[str, Any]:
    """What a record holds; nothing if it is missing or damaged."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
