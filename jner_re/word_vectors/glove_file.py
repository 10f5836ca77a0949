"""Files of word vectors: plain or packed, parsed once and then mapped from the cache."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import logging
import pathlib
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

import numpy as np
from tqdm import tqdm

from jner_re import files
from jner_re.assets import download
from jner_re.errors import InputError
from jner_re.word_vectors import glove_text

_LOGGER = logging.getLogger(__name__)


def load(source: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Reads a glove.*.txt file, also packed as .txt.gz or .zip.

    What was parsed is kept in `download.cache_dir()`/glove under the file's path, size and time of change.
    Words that the file gives again keep their first vector; how many is told on standard error.

    Args:
      source: the file; "FILE.zip:MEMBER" for a .zip with several .txt members.

    Returns:
      The V words and their vectors, float32 [V, D], memory-mapped.

    Raises:
      InputError: if the file can't be read or is malformed (see `glove_text.parse`).
    """
    path, member = _split(source)
    try:
        status = path.stat()
        key = f"{path.resolve()}\n{member}\n{status.st_size}\n{status.st_mtime_ns}"
        folder = download.cache_folder("glove") / hashlib.sha256(key.encode()).hexdigest()[:16]
        if not folder.is_dir():
            with files.locked(folder.with_name(".lock")):
                files.remove_unfinished(folder.parent)
                if not folder.is_dir():  # else another process was faster
                    _convert(path, member, folder)
        words = tuple((folder / "words.txt").read_bytes().decode().split("\n"))
        vectors = np.memmap(folder / "vectors.f32", np.float32, "r")
    except OSError as error:
        raise InputError(
            f"{error.filename or source}: {error.strerror or error}, "
            "expected a glove.*.txt, .txt.gz or .zip file, or a name of the catalogue"
        ) from None
    return words, vectors.reshape(len(words), -1)


def _split(source: str) -> tuple[pathlib.Path, str]:
    archive, colon, member = source.rpartition(".zip:")
    return (files.user_path(f"{archive}.zip"), member) if colon else (files.user_path(source), "")


def _convert(path: pathlib.Path, member: str, folder: pathlib.Path) -> None:
    """Writes `folder` with words.txt and vectors.f32, beside and renamed into place."""
    with files.open_to_read(path) as file, files.atomic_write(folder) as new:
        new.mkdir()
        with (
            _unpacked(file, path, member) as text,
            (new / "vectors.f32").open("wb") as vectors,
            _progress(path) as bar,
        ):
            words, again = glove_text.parse(
                text, str(path), vectors, tick=lambda: bar.update(file.tell() - bar.n)
            )
        if again:
            _LOGGER.info(f"{path}: {again} words are given again, the first vector counts")
        (new / "words.txt").write_bytes("\n".join(words).encode())


def _progress(path: pathlib.Path) -> tqdm:
    return tqdm(
        desc=path.name,
        total=path.stat().st_size,
        unit="B",
        unit_scale=True,
        mininterval=0.1 if sys.stderr.isatty() else 10.0,
    )


@contextlib.contextmanager
def _unpacked(file: BinaryIO, path: pathlib.Path, member: str) -> Iterator[BinaryIO]:
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(file) as archive, archive.open(_find_member(archive, path, member)) as text:
                yield cast(BinaryIO, text)
        elif path.suffix == ".gz":
            with gzip.open(file) as text:
                yield cast(BinaryIO, text)
        else:
            yield file
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(f"{path}: can't be unpacked: {error}") from None


def _find_member(archive: zipfile.ZipFile, path: pathlib.Path, member: str) -> str:
    names = [name for name in archive.namelist() if name.endswith(".txt")]
    if member in names:
        return member
    if member or len(names) != 1:
        choices = ", ".join(f"{path}:{name}" for name in names)
        raise InputError(
            f"{path}: which of its files? expected one of {choices or 'some .txt, but has none'}"
        )
    return names[0]
