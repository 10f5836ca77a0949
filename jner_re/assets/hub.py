"""The Hugging Face hub, or the mirror that $HF_ENDPOINT names, asked by huggingface_hub.

huggingface_hub is imported when the hub is asked: what is in the cache opens without it.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import pathlib
import re
import shutil
import urllib.parse
from collections.abc import Callable, Mapping
from typing import TypeVar

from jner_re.errors import InputError, system_cause, without_secrets

SECONDS = 10.0  # for the hub to answer
_ID = re.compile(r"([A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*)(?:@([^\s,@]+))?", re.ASCII)
_COMMIT = re.compile("[0-9a-f]{40}")
_OF_WRITING = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM}
_NOT_NOW = (407, 408, 429)  # a proxy's answer, a time-out, too many requests
_LONGEST_NAME, _LONGEST_PATH = 200, 1000  # bytes: what is being fetched has a longer name
_Answer = TypeVar("_Answer")


class UnreachableError(InputError):
    """The hub gives no answer, or may not be asked: what is in the cache can be used."""


@dataclasses.dataclass(frozen=True)
class HubId:
    """What a user calls a repository of models.

    Attributes:
      repository: "owner/name".
      revision: a branch, a tag, a commit, or refs/pr/N, a pull request's.
    """

    repository: str
    revision: str = "main"

    def __str__(self) -> str:
        return self.repository if self.revision == "main" else f"{self.repository}@{self.revision}"

    @property
    def is_commit(self) -> bool:
        """Whether the revision can't move."""
        return _COMMIT.fullmatch(self.revision) is not None


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A commit of a repository.

    Attributes:
      repository: "owner/name".
      commit: its SHA-1.
      files: the SHA-256 by name of those that the hub keeps as large files, None for the others.
    """

    repository: str
    commit: str
    files: Mapping[str, str | None]

    def __str__(self) -> str:
        return f"{self.repository}@{self.commit}"


def parse(text: str) -> HubId | None:
    """`owner/name` or `owner/name@revision`; None if the text can't be one."""
    match = _ID.fullmatch(text)
    return HubId(match[1], match[2] or "main") if match else None


def endpoint() -> str:
    """Where the hub is asked, without a slash at its end."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def ask(id: HubId) -> Snapshot:
    """The commit that a revision is now, and its files.

    Raises:
      UnreachableError: the hub can't be asked.
      InputError: it has no such repository or revision, or does not show it.
    """
    import huggingface_hub

    api = huggingface_hub.HfApi(endpoint=endpoint())
    info = asked(
        lambda: api.model_info(id.repository, revision=id.revision, files_metadata=True, timeout=SECONDS), id
    )
    if not _COMMIT.fullmatch(str(info.sha)):  # it is to name a file and a folder
        raise InputError(
            f"{_shown()} answers with the commit {info.sha!r:.60}, expected 40 hexadecimal digits"
        )
    files = {file.rfilename: file.lfs.sha256 if file.lfs else None for file in info.siblings or ()}
    return Snapshot(id.repository, str(info.sha), {name: files[name] for name in files if _is_plain(name)})


def download(id: HubId, name: str, folder: pathlib.Path) -> None:
    """Puts a file of a repository into a folder, where an interrupted call has left what it had.

    huggingface_hub's own `hf_hub_download` goes on only within one call; so what it fetches with is given a
    file of ours, named after the ETag of what is in it.

    Raises:
      UnreachableError: the hub can't be asked, or the connection breaks again and again.
      InputError: there is no such file, the hub doesn't show it, or it can't be written.
    """
    asked(lambda: _download(id, name, folder), id)


def _download(id: HubId, name: str, folder: pathlib.Path) -> None:
    import huggingface_hub
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    url = huggingface_hub.hf_hub_url(id.repository, name, revision=id.revision, endpoint=endpoint())
    found = huggingface_hub.get_hf_file_metadata(url, timeout=SECONDS)
    headers = build_hf_headers()
    if urllib.parse.urlsplit(found.location).netloc != urllib.parse.urlsplit(url).netloc:
        headers.pop("authorization", None)  # the other host's URL is signed
    path = folder / name
    content = hashlib.sha256(str(found.etag).encode()).hexdigest()[:16]
    part = path.with_name(f"{path.name}.{content}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as file:
        if found.size is None or found.size < file.tell():
            file.truncate(0)
        begun = file.seek(0, os.SEEK_END)
        free = shutil.disk_usage(folder).free
        if found.size is not None and found.size - begun > free:
            raise InputError(
                f"{part}: {found.size - begun:,} bytes are to come, but the disk has {free:,} free"
            )
        http_get(
            found.location,
            file,
            resume_size=begun,
            headers=headers,
            expected_size=found.size,
            displayed_filename=path.name,
        )
    os.replace(part, path)


def asked(question: Callable[[], _Answer], id: HubId) -> _Answer:
    """The hub's answer, or its refusal in words of ours, without the repository's name.

    Raises:
      UnreachableError: the hub can't be asked.
      InputError: it refuses.
    """
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise UnreachableError(f"{_shown()} is not asked: HF_HUB_OFFLINE is set")
    try:
        return question()
    except InputError:
        raise
    except Exception as error:  # those of HTTP are of a library that changes with huggingface_hub's version
        raise _explained(error, id) from None


def _explained(error: Exception, id: HubId) -> InputError:
    from huggingface_hub import errors

    status = getattr(getattr(error, "response", None), "status_code", None)
    line = without_secrets(" ".join(str(error).split()))
    if isinstance(error, errors.HFValidationError):
        return InputError(f"is no id of the hub, expected owner/name or owner/name@revision: {line}")
    if isinstance(error, errors.GatedRepoError):
        page = f"{_shown()}/{id.repository}"
        return InputError(f"the repository is gated: accept its conditions at {page}, and {login()}")
    if isinstance(error, errors.RevisionNotFoundError):
        return InputError(
            f"the repository has no revision {id.revision!r}, expected a branch, a tag, a commit or refs/pr/N"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return InputError(
            f"{_shown()} has no repository {id.repository}, or it is private: for a private one, {login()}"
        )
    if isinstance(error, errors.EntryNotFoundError) and isinstance(error, errors.HfHubHTTPError):
        return InputError(f"{without_secrets(str(error.response.url))}: there is no such file")
    if status in (401, 403):
        return InputError(f"{_shown()} allows no access to {id.repository} ({status}): {login()}")
    if status is not None and status < 500 and status not in _NOT_NOW:
        return InputError(f"{_shown()} refuses: {line}")
    if isinstance(error, OSError) and error.errno in _OF_WRITING and error.strerror:
        return InputError(f"{error.filename or 'download'}: can't be written: {error.strerror}")
    cause = without_secrets(" ".join(system_cause(error).split())) or type(error).__name__
    return UnreachableError(f"{_shown()} can't be reached: {cause}")


def _shown() -> str:
    """The endpoint for people: without a user and password, also where no scheme or a slash is in them."""
    return without_secrets(re.sub(r"^(\w+://)?.*@", r"\1", endpoint()))


def login() -> str:
    """What gives access."""
    import huggingface_hub

    if huggingface_hub.get_token():
        return "use a token with access to it: HF_TOKEN, or the one of `hf auth login`, has none"
    return "log in (`hf auth login`) or set HF_TOKEN"


def _is_plain(name: str) -> bool:
    """Whether a file's name stays in the folder into which it is put, and a file system takes it."""
    path = pathlib.PurePosixPath(name)
    is_inside = path.parts and not path.is_absolute() and ".." not in path.parts and "\\" not in name
    fits = len(name.encode(errors="replace")) <= _LONGEST_PATH
    fits = fits and all(len(part.encode(errors="replace")) <= _LONGEST_NAME for part in path.parts)
    return bool(is_inside and fits and name.isprintable())
