"""Files of plain URLs: resumed when broken off, checked, and renamed into place only when whole.

Done here because pooch begins a broken download again, which hurts with 370 MB. What the Hugging Face hub
has is fetched by huggingface_hub (hub.py).
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import shutil
import sys
import time

import requests
from tqdm import tqdm

from jner_re import files
from jner_re.errors import InputError, system_cause, without_secrets

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
ATTEMPTS = 5
_CHUNK = 1 << 16


class _BrokenTransferError(Exception):
    """The transfer ended early; what arrived is kept and the rest can be asked for."""


def cache_dir() -> pathlib.Path:
    """The folder for everything fetched: $JNER_RE_CACHE, or jner_re in the user's cache folder.

    Raises:
      InputError: the user has no home folder, and no variable names another one.
    """
    own, caches = os.environ.get("JNER_RE_CACHE"), os.environ.get("XDG_CACHE_HOME")
    try:
        return pathlib.Path(own or f"{caches or '~/.cache'}/jner_re").expanduser()
    except RuntimeError:  # neither HOME nor an entry in the table of users, as in containers
        named = f"JNER_RE_CACHE is {own!r}" if own else "JNER_RE_CACHE is not set"
        raise InputError(
            f"{named}, and there is no such home folder, expected the path of a folder for downloads in it"
        ) from None


def cache_folder(*names: str) -> pathlib.Path:
    """A folder in `cache_dir()`, made if need be.

    Raises:
      InputError: if it can't be made.
    """
    folder = cache_dir().joinpath(*names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: can't be written: {error.strerror}") from None
    return folder


def sha256_of(path: pathlib.Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()


def fetch(url: str, destination: pathlib.Path, sha256: str | None = None) -> None:
    """Downloads `url` to `destination`, with a progress bar on standard error.

    The bytes go to `destination`.part, which is kept when the transfer breaks, so that the next attempt
    (of this call, or of a later one) asks only for the rest. The rest is asked for on the condition that
    the server's file is still the one that was begun (If-Range with its ETag or date); if it isn't, if
    the server gave neither, or doesn't serve ranges, the download starts over.

    Args:
      url: http or https.
      destination: the file to write; replaced if it exists.
      sha256: the checksum to expect, in hexadecimal; None for any.

    Raises:
      InputError: if the server can't be reached or refuses, the connection breaks `ATTEMPTS` times, the
        file can't be written, or its checksum is wrong. A file with a wrong one is removed.
    """
    part, shown = destination.with_name(destination.name + ".part"), without_secrets(url)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(ATTEMPTS):
            try:
                _transfer(url, part)
                break
            except _BrokenTransferError:
                if attempt < ATTEMPTS - 1:
                    time.sleep(min(attempt, 3))
        else:
            raise InputError(
                f"{shown}: the connection broke in each of {ATTEMPTS} attempts; run it again to resume"
            )
        if sha256 is not None and (actual := sha256_of(part)) != sha256:
            _discard(part)
            raise InputError(f"{shown}: sha256 is {actual}, expected {sha256}; the download was removed")
        os.replace(part, destination)
        _discard(part)
    except OSError as error:
        raise InputError(f"{destination}: can't be written: {error.strerror or error}") from None


def _transfer(url: str, part: pathlib.Path) -> None:
    """One request: appends to `part` what is missing of it, or writes it anew."""
    offset, validator = _begun(part)
    headers = {"Accept-Encoding": "identity"}  # a length and an offset in bytes of the file itself
    if offset:
        headers |= {"Range": f"bytes={offset}-", "If-Range": validator}
    with _get(url, headers) as response:
        if response.status_code == 416 and response.headers.get("Content-Range") == f"bytes */{offset}":
            return  # nothing is missing
        if response.status_code == 206:
            begin, total = _content_range(response)
            if begin != offset:
                _discard(part)
                raise _BrokenTransferError
        elif response.status_code == 200:
            offset, total = 0, _length(response)
            _begin(part, response)
        elif response.status_code == 416:
            _discard(part)
            raise _BrokenTransferError
        else:
            raise InputError(
                f"{without_secrets(url)}: the server answered {response.status_code} {response.reason}"
            )
        _append(response, part, offset, total)


def _get(url: str, headers: dict[str, str]) -> requests.Response:
    shown = without_secrets(url)
    try:
        return requests.get(url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS))
    except requests.ConnectTimeout:
        raise InputError(f"{shown}: can't be reached: no answer within {CONNECT_SECONDS:.0f} s") from None
    except requests.ReadTimeout:
        raise InputError(f"{shown}: the server said nothing for {READ_SECONDS:.0f} s") from None
    except requests.RequestException as error:
        raise InputError(f"{shown}: can't be reached: {without_secrets(system_cause(error))}") from None


def _append(response: requests.Response, part: pathlib.Path, offset: int, total: int | None) -> None:
    """Writes the response's body at `offset`; `total` is the length of the whole file, if known."""
    free = shutil.disk_usage(part.parent).free
    if total is not None and total - offset > free:
        raise InputError(f"{part}: {total - offset:,} bytes are to come, but the disk has {free:,} free")
    with (
        part.open("r+b" if offset else "wb") as file,
        tqdm(
            desc=part.name.removesuffix(".part"),
            total=total,
            initial=offset,
            unit="B",
            unit_scale=True,
            mininterval=0.1 if sys.stderr and sys.stderr.isatty() else 10.0,
            disable=sys.stderr is None,  # closed
        ) as bar,
    ):
        file.seek(offset)
        try:
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
        except requests.RequestException:
            raise _BrokenTransferError from None
        if total is not None and file.tell() != total:
            raise _BrokenTransferError


def _content_range(response: requests.Response) -> tuple[int, int | None]:
    """First byte and total length of a partial answer; (-1, None) if the header is none."""
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not match:
        return -1, None
    return int(match[1]), None if match[2] == "*" else int(match[2])


def _length(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() and "Content-Encoding" not in response.headers else None


def _validator_file(part: pathlib.Path) -> pathlib.Path:
    return part.with_name(part.name + ".validator")


def _begin(part: pathlib.Path, response: requests.Response) -> None:
    """Notes by what the server's file can be recognized: its strong ETag, else its date."""
    _discard(part)
    etag = response.headers.get("ETag", "")
    validator = etag if etag.startswith('"') else response.headers.get("Last-Modified", "")
    if validator and "Content-Encoding" not in response.headers:
        files.write_text(_validator_file(part), validator)


def _begun(part: pathlib.Path) -> tuple[int, str]:
    """How many bytes of `part` can be kept and what recognizes the file; (0, "") to start over."""
    try:
        validator = _validator_file(part).read_text(encoding="utf-8")
        return (part.stat().st_size, validator) if validator else (0, "")
    except OSError:
        return 0, ""


def _discard(part: pathlib.Path) -> None:
    part.unlink(missing_ok=True)
    _validator_file(part).unlink(missing_ok=True)
