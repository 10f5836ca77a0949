"""Reading and writing of files so that a half-written one is never seen."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import io
import json
import os
import pathlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from jner_re.errors import InputError
from jner_re.json_text import finite_integer


@contextlib.contextmanager
def atomic_write(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a name beside `path` under which to write a file or a folder, renamed to `path` at the end.

    After an error nothing of it is left, and what was at `path` before is still there. A process that is
    killed leaves it beside (`remove_unfinished`).

    Raises:
      InputError: if the folder can't be written to, or the block can't read another file (which the error
        has to name: `open_to_read`).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Keeps the ending: some writers choose the format by it.
        with _claimed_folder(path) as beside:
            new = beside / path.name
            try:
                yield new
            except OSError as error:
                if other := _file_elsewhere(error, beside):
                    raise InputError(f"{other}: can't be read: {error.strerror or error}") from None
                raise
            old = beside / f".old-{path.name}"
            if new.is_dir() and path.is_dir():  # a folder is only renamed to what does not exist
                os.replace(path, old)
            try:
                os.replace(new, path)
            except BaseException:
                if old.exists():
                    os.replace(old, path)
                raise
    except OSError as error:
        raise InputError(f"{path}: can't be written: {_cause(error)}") from None


@contextlib.contextmanager
def _claimed_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A new folder beside `path`, locked as long as its process writes, so that others know that it does."""
    while True:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as beside:
            folder = os.open(beside, os.O_RDONLY)
            try:
                with contextlib.suppress(OSError):  # there are volumes without locks
                    fcntl.flock(folder, fcntl.LOCK_SH)
                if os.path.exists(beside):  # else `remove_unfinished` came before the lock
                    yield pathlib.Path(beside)
                    return
            finally:
                os.close(folder)


def remove_unfinished(folder: pathlib.Path) -> None:
    """Removes what processes that were killed have left of what they were writing; what others write stays.

    Args:
      folder: in which `atomic_write` was to make files or folders. Where the volume has no locks, nothing is
        removed; nor is what can't be.
    """
    for beside in folder.glob(".?*.????????"):  # as tempfile draws names
        with contextlib.suppress(OSError):
            if not set(os.listdir(beside)) <= {beside.name[1:-9]}:
                continue  # something else, or a folder that was to be replaced is there
            opened = os.open(beside, os.O_RDONLY)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(beside)
            finally:
                os.close(opened)


# What no reading ends in.
_OF_WRITING = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EFBIG}


def _file_elsewhere(error: OSError, folder: pathlib.Path) -> str:
    """What the error is about, if that isn't in `folder`: what was read, not what is written."""
    if error.errno in _OF_WRITING:
        return ""
    names = (error.filename, error.filename2)
    named = [os.fsdecode(name) for name in names if isinstance(name, (str, bytes, os.PathLike))]
    inside = [name for name in named if folder.absolute() in pathlib.Path(name).absolute().parents]
    return named[0] if named and not inside else ""


def _cause(error: OSError) -> str:
    """In the system's own words: h5py's are a paragraph about its own insides."""
    return os.strerror(error.errno) if error.errno else str(error)


class _NamedInErrors(io.FileIO):
    """A file that errors of reading name, as those of opening it do."""

    def readinto(self, buffer: Any) -> int | None:
        with self._naming():
            return super().readinto(buffer)

    def readall(self) -> bytes:
        with self._naming():
            return super().readall()

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            error.filename = self.name
            raise


def open_to_read(path: pathlib.Path) -> BinaryIO:
    """The file for a block of `replacing`, which else can't tell an error of reading from one of writing."""
    return io.BufferedReader(_NamedInErrors(path))


def user_path(path: str | os.PathLike[str]) -> pathlib.Path:
    """A file or folder as a user names it: with `~` for a home.

    Raises:
      InputError: it begins with the home of a user that there is not.
    """
    try:
        return pathlib.Path(path).expanduser()
    except RuntimeError as error:
        raise InputError(f"{path}: {error}") from None


@functools.cache
def without_pattern(folder: pathlib.Path) -> pathlib.Path:
    """The folder by a name that TensorFlow can read from: it takes names with `[`, `*`, … for patterns.

    In place of such a name, that of a link in a temporary folder; it lasts as long as the process.
    """
    if not re.search(r"[][*?\\]", str(folder.absolute())):
        return folder
    temporary = tempfile.TemporaryDirectory(prefix="jner_re-")
    _LINKS.append(temporary)
    link = pathlib.Path(temporary.name) / "folder"
    link.symlink_to(folder.absolute())
    return link


_LINKS: list[tempfile.TemporaryDirectory[str]] = []


@contextlib.contextmanager
def locked(path: pathlib.Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds the lock file `path`; other processes and threads wait for it. The lock ends with the process.

    Args:
      path: made if need be, never removed.
      waiting: called once if another one holds the lock.

    Raises:
      InputError: if the lock file can't be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")  # leaves the time of change
    except OSError as error:
        raise InputError(f"{path}: can't be written: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is not None:
                waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            raise InputError(f"{path}: can't be locked: {error.strerror}") from None
        yield


def short_message(message: str) -> str:
    """TensorFlow's message of why a file could not be written, without what it says of its graph."""
    return re.sub(r"{{.*?}} | \[Op:\w+\]", "", message)


def write_bytes(path: pathlib.Path, content: bytes) -> None:
    """Writes beside `path` and renames into place.

    Raises:
      InputError: if the folder can't be written to.
    """
    with atomic_write(path) as new:
        new.write_bytes(content)


def write_text(path: pathlib.Path, content: str) -> None:
    """`write_bytes` of UTF-8."""
    write_bytes(path, content.encode())


def read_text(path: pathlib.Path) -> str:
    """The file's text.

    Raises:
      InputError: if the file can't be read or isn't UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8, expected UTF-8 text") from None


def read_json(path: pathlib.Path) -> Any:
    """The file's JSON.

    Raises:
      InputError: if the file can't be read or isn't JSON.
    """
    text = read_text(path)
    try:
        return json.loads(text, parse_int=finite_integer)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: line {error.lineno}: {error.msg}, expected JSON") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        raise InputError(f"{path}: can't be read: {error}") from None
